"""Servers beside this one: how their addresses are written, and a client of Redis."""
