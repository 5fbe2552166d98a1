"""A warning about a finding: its words, the numbers in them, and the draft that two people publish."""
