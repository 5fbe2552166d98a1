"""The whole platform, opened in a command's own process."""

from banshi.app import opened_by

__all__ = ["opened_by"]
