"""Requests: handed in, listed, and what became of them."""
