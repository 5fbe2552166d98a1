"""Accounts and addresses of providers, as settings name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

#: What an account may be called in our addresses.
NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


def check_accounts(kind: str, own: Mapping[str, Any], number: str) -> None:
    """Raise ValueError for a name that no address can have, and where two accounts have the provider's same `number`.

    Args:
        kind: The setting's name, such as `bots`.
    """
    for name in own:
        if not NAME.fullmatch(name):
            raise ValueError(f"{kind}.{name}: a name is lower case letters, digits and hyphens, 32 at most")
    if len({getattr(one, number) for one in own.values()}) < len(own):
        raise ValueError(f"{kind} has one {number} twice; give each {kind.removesuffix('s')} one table")


def require_secure(name: str, url: str) -> None:
    """Raise ValueError where a setting of that name leads elsewhere than by https, unless it is this machine."""
    parts = urlsplit(url)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ValueError(f"{name} has to be an https:// address (http:// only on this machine)")
