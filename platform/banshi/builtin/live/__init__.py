"""Server-sent events, and new rows of a table told by them."""
