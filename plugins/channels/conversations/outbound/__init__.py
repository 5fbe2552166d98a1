"""What is said unasked: promised with what caused it, sent inside the provider's windows, and what became of it."""
