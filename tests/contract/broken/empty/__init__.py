"""A plugin that hands over nothing."""
