"""Legal affairs: administrative reconsideration, and compensation by the state."""
