"""Capabilities that are no kind's: each built as a plugin is."""
