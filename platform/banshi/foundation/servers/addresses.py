"""Addresses that name several servers: `scheme://user:password@one:5432,[::1]:5433/path?…`."""

from __future__ import annotations

import re
from typing import NamedTuple

#: A name or an address, and a port.
HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]\s]+))(?::(\d{1,5}))?")

PORTS = range(1, 65_536)


class Parts(NamedTuple):
    """A URL with several hosts, of which RFC 3986 and newer Pythons' `urlsplit` know nothing."""

    scheme: str
    #: User and password with the @ behind them, as they are written.
    user: str
    hosts: str
    path: str
    query: str


def parts_of(url: str) -> Parts:
    scheme, _, rest = url.partition("://")
    before, _, query = rest.partition("#")[0].partition("?")
    place, slash, path = before.partition("/")
    user, at, hosts = place.rpartition("@")
    return Parts(scheme, user + at, hosts, slash + path, query)


def hosts_of(url: str) -> list[tuple[str, int | None]]:
    """The hosts that a URL names, with their ports. Raises ValueError, without the password."""
    found: list[tuple[str, int | None]] = []
    for text in parts_of(url).hosts.split(","):
        match = HOST.fullmatch(text)
        if match is None or int(match[3] or 1) not in PORTS:
            raise ValueError("url has to name its hosts as host:port,host:port")
        found.append((match[1] or match[2], int(match[3]) if match[3] else None))
    return found


def names_several(url: str) -> bool:
    """Whether it names more than one server; a file's name may have commas of its own."""
    return not url.startswith("sqlite") and "," in parts_of(url).hosts


def with_first(url: str) -> str:
    """The same address with the first of its hosts alone, for whoever reads no list."""
    if not names_several(url):
        return url
    scheme, user, hosts, path, query = parts_of(url)
    return f"{scheme}://{user}{hosts.partition(',')[0]}{path}" + (f"?{query}" if query else "")
