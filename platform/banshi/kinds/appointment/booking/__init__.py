"""Taking a place: at once, in a draw, from the waiting list."""
