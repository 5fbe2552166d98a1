"""Cases over HTTP: one's own, one case, and its next step."""
