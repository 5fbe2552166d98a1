"""A person's own data: exported, forgotten, anonymised, kept no longer than promised."""
