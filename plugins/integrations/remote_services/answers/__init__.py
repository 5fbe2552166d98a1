"""What a service may read and do in the cases of its items."""
