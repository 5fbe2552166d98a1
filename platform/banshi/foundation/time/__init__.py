"""Working days, deadlines, and how long something is kept."""
