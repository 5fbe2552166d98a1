"""Delivery: from what is due in the database to what a provider has taken."""
