"""How often something may be done, and how much of what is counted: by a person, by a stranger, by all together."""
