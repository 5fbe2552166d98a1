"""What somebody may do of whom nothing is known but the connection: counted by each process, in memory.

A sender is a digest of the address that is at the other end of the connection, by a key that ends with the process:
addresses are kept nowhere. Behind a proxy that is the proxy; there it is the proxy who tells them apart.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

#: Senders of whom it is known what they sent lately. Of more the one who has been quiet for longest is a new one again.
MAX_SENDERS = 10_000

#: Bits of an IPv6 address that one household or one machine is given as a whole.
IPV6_NETWORK_BITS = 64


@dataclass(slots=True)
class Bucket:
    """Lets `most` through at once and `per_second` over time."""

    most: float
    per_second: float
    clock: Callable[[], float] = time.monotonic
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = self.most, self.clock()

    def wait(self) -> float:
        """Seconds until one more may go through; 0 for now."""
        now = self.clock()
        self._left, self._at = min(self.most, self._left + (now - self._at) * self.per_second), now
        return 0.0 if self._left >= 1 else (1 - self._left) / self.per_second

    def take(self) -> None:
        self._left -= 1


@dataclass(slots=True)
class Senders:
    """What each sender has left, by what it is of; those who have been quiet for longest are forgotten."""

    clock: Callable[[], float] = time.monotonic
    _key: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    _buckets: OrderedDict[bytes, Bucket] = field(default_factory=OrderedDict, repr=False)

    def known(self, address: str | None) -> bytes:
        """Who is at the other end of a connection from this address; what is none names a sender of another sort."""
        try:
            ip = ip_address(address or "")
        except ValueError:
            return self._digest((address or "").encode())
        return self._digest(ip.packed[: IPV6_NETWORK_BITS // 8] if ip.version == 6 else ip.packed)

    def bucket(self, sender: bytes, what: str, most: float, per_second: float) -> Bucket:
        """What a sender has left of that."""
        name = self._digest(sender, what.encode())
        bucket = self._buckets.pop(name, None) or Bucket(most, per_second, self.clock)
        self._buckets[name] = bucket
        if len(self._buckets) > MAX_SENDERS:
            self._buckets.popitem(last=False)
        return bucket

    def _digest(self, *parts: bytes) -> bytes:
        return hashlib.blake2b(b"\0".join(parts), key=self._key, digest_size=16).digest()


def wait_for(*buckets: Bucket) -> float:
    """0.0 and one is taken of each, or in how many seconds all of them have one again."""
    if wait := max(bucket.wait() for bucket in buckets):
        return wait
    for bucket in buckets:
        bucket.take()
    return 0.0
