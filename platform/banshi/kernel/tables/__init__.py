"""The kernel's tables."""
