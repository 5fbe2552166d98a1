"""What one person may create: so much at once, and so much a day."""
