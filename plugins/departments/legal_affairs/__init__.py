"""Legal affairs: lawyers' visits to detainees, administrative reconsideration, and compensation by the state."""
