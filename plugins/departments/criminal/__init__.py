"""The criminal investigation police: missing people, tips, and what victims of crime need."""
