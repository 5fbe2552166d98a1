"""Asterisk's calls for the hotline, from a stand-in for ARI."""
