"""What one message works on: what is remembered, in which state, and the words that are always understood."""
