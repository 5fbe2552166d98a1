"""It has no settings, and its entry has."""
