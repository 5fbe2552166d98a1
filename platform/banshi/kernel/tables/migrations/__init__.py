"""The kernel's migrations, applied in order at every start."""
