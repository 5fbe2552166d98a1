"""Following: kinds of notices, who is told of what by one press, and how each is told once."""
