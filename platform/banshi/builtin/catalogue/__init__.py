"""The catalogue of items, its guides and its search."""
