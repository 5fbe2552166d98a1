"""Notices: what staff write and publish, and what anybody may read of it."""
