"""Registers: what one is, as its department declares it, and the ways to ask it."""
