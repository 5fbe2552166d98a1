"""What anybody reads of roads, and what staff write."""
