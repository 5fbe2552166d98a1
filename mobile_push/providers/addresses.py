"""Addresses of services, as operators set them."""

from __future__ import annotations

from urllib.parse import urlsplit


def check_address(name: str, url: str) -> None:
    """Raise ValueError for what is no address, or one to which anybody on the way could listen."""
    if urlsplit(url).scheme != "https" and not (url.startswith("http://") and is_here(url)):
        raise ValueError(f"{name} is {url!r}; set an address that starts with https:// (http:// only on this machine)")


def is_here(url: str) -> bool:
    """Whether it is on this machine, where a sandbox has what would go to the service."""
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}
