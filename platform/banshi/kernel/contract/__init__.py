"""The frozen values that cross the boundary between the kernel and a plugin."""
