"""Filling the platform's own registers from CSV files."""
