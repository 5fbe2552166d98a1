"""Where a name that somebody else gave us may lead: to the internet, and never into our own network.

A phone names its push service, an integrator their endpoint, and whoever owns the name chooses its addresses, anew for
each look-up. So it is not the name that is checked but each address in the moment in which a connection to it begins:
nothing lies between the check and the use of what was checked.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

Network = IPv4Network | IPv6Network

#: Threads that look names up. A name server that never answers holds one for half a minute: these are nobody else's.
LOOKUP_THREADS = 16
#: IPv6 addresses that stand for an IPv4 address behind a translator (RFC 6052, RFC 8215).
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
#: What is given out of IPv6 as the internet's (RFC 4291 section 2.4), and in it what is for documentation (RFC 9637).
GLOBAL_UNICAST, DOCUMENTATION = IPv6Network("2000::/3"), IPv6Network("3fff::/20")
#: This machine.
LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class ForbiddenAddress(OSError):
    """A name leads into a network that is not the internet."""

    def __init__(self) -> None:
        # The same text for each: of several refused addresses, aiohttp then raises the first unchanged.
        super().__init__(errno.EACCES, "the name leads to an address that is not on the internet")


def is_public(text: str) -> bool:
    """Whether an address is one machine's on the internet; those that carry another address inside are not."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if address.sixtofour is not None or address.teredo is not None or int(address) < 1 << 32:
            return False
        if any(address in network for network in TRANSLATED):
            return address in TRANSLATED[0] and is_public(str(IPv4Address(int(address) & 0xFFFFFFFF)))
        if address not in GLOBAL_UNICAST or address in DOCUMENTATION:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_allowed(text: str, allowed: Sequence[Network]) -> bool:
    """Whether an address is public, or in one of the networks that the operator allows."""
    address = ip_address(text)
    return is_public(text) or any(address.version == one.version and address in one for one in allowed)


class Sockets:
    """Makes a connection's socket, or refuses its address: aiohttp's `socket_factory`."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def __call__(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, address = info
        if not is_allowed(str(address[0]).partition("%")[0], self._allowed):
            raise ForbiddenAddress
        return socket.socket(family, kind, protocol)


class Names(AbstractResolver):
    """Looks names up in threads of its own: elsewhere, slow name servers would hold up the whole process's."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUP_THREADS, thread_name_prefix="banshi-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        flags = socket.AI_ADDRCONFIG
        found = await loop.run_in_executor(
            self._threads, socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, 0, flags
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def guarded_connector(*, trusted: ssl.SSLContext, allowed: Sequence[Network] = (), limit: int = 100) -> TCPConnector:
    """Connections to public addresses, and to those in the `allowed` networks; any other raises ForbiddenAddress.

    Args:
        trusted: The certificate authorities.
        limit: Connections at most; 0 for as many as there are calls.
    """
    return TCPConnector(limit=limit, ssl=trusted, ttl_dns_cache=300, resolver=Names(), socket_factory=Sockets(allowed))
