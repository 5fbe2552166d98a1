"""Work between machines, by a Redis Stream."""
