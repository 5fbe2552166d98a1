"""A form filled in on a page: its fields as they are shown, and what was sent read back into answers."""
