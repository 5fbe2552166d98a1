"""Writing to whoever posted, and reporting it."""
