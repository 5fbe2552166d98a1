"""The addresses at which phones are reached."""
