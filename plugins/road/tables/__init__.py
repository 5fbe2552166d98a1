"""What is kept of roads."""
