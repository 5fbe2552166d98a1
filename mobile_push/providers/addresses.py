"""Addresses of services, as operators set them."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit


def check_address(name: str, url: str) -> None:
    """Raise ValueError for what is no address, or one to which anybody on the way could listen."""
    if urlsplit(url).scheme != "https" and not (url.startswith("http://") and is_here(url)):
        raise ValueError(f"{name} is {url!r}; set an address that starts with https:// (http:// only on this machine)")


def is_here(url: str) -> bool:
    """Whether it is on this machine, where a sandbox has what would go to the service."""
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """The authorities in a PEM file, or the system's. Raises ValueError, which says what to do."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"ca_file {ca_file} can't be used ({error}); name a PEM file of certificates") from None
