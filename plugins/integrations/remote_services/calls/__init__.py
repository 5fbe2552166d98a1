"""Calling a service, as if it were a plugin's Python."""
