"""The one way to the database: opening it, its tables' versions, writing, outages."""
