"""Household registration police: household registers, resident ID cards and residence permits."""
