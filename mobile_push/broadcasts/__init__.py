"""Broadcasts: notices and alerts to an audience, from a draft to the common log that every inbox reads."""
