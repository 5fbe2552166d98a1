"""The words that people read: of forms, and in messages."""
