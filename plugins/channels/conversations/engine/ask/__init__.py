"""Filling in: what is asked, what is answered, what is shown once more and handed in."""
