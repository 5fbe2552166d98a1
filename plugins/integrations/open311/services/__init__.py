"""Items as services, and what each asks."""
