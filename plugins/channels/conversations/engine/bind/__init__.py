"""Who it is, and a person in place of the engine."""
