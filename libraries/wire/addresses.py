"""Addresses of providers, as settings name them."""

from __future__ import annotations

from urllib.parse import urlsplit


def require_secure(name: str, url: str) -> None:
    """Raise ValueError where a setting of that name leads elsewhere than by https, unless it is this machine."""
    parts = urlsplit(url)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ValueError(f"{name} has to be an https:// address (http:// only on this machine)")
