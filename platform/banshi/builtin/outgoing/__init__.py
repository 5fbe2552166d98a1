"""Calls to services of others, and how many calls each of ours takes."""
