"""What is kept of callers, calls, what was filed for them, and who is called back."""
