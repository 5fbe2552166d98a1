"""Commands that serve, and what has to be done before."""
