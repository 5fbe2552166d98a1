"""The traffic plugin's migrations."""
