"""Petitions: questions, suggestions and complaints to the police, and the reception by its leaders."""
