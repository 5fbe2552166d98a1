"""Whose token it is: the city's identity provider's, or one for development."""
