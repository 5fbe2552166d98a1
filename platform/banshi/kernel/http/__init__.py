"""Requests: whose they are, and that each makes its thing once."""
