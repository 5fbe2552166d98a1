"""Passes: signed QR codes, their keys, and what was revoked."""
