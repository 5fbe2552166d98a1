"""Providers: who carries a push to a phone."""
