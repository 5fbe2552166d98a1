"""Phones: registered, their people's wishes, what they have received."""
