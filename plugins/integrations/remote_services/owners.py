"""Whose services a caller's are."""

from __future__ import annotations


def owner_of(code: str) -> str:
    """Under what name a service's items stand in logs, breakers and findings; no plugin can have it."""
    return f"service {code}"
