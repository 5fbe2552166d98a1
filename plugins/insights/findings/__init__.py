"""What rose, as a finding: found at night or at once, then made a warning by two people, or dismissed with a rule."""
