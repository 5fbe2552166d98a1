"""A case: submitted, decided about step by step, shown."""
