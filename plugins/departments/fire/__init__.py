"""Fire and rescue service: permits for public venues, training, statements of cause, visits and questions."""
