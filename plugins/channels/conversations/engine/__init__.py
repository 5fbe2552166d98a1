"""A conversation: what it remembers, by which states it goes, and what each inbound message makes of it."""
