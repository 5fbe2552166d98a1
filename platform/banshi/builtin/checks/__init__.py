"""What would fail later is found at the start."""
