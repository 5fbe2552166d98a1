"""What a new appeal is about, whose it is, and which it repeats."""
