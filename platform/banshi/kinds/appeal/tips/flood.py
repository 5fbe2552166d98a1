"""How much is taken from people of whom nothing is known.

Each process counts for itself, in memory. A flood of one item's tips leaves the others their own; whoever has a code
already is not held up by it. One sender gets half of what there is for all, so that nobody closes the door for the
others.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from banshi.builtin.limits.senders import Bucket, Senders, wait_for
from banshi.foundation.keys import Key
from banshi.kernel.contract.routes import Answer
from banshi.kinds.appeal.problems import TooMuchComing

#: Tips of one sender at once and a second, of one item and of all items; pictures likewise.
TIPS_PER_ITEM, TIPS_OF_ALL, PICTURES_OF_ALL = (20, 1 / 3), (60, 1.0), (60, 2.0)

#: How many times that all senders together have.
TOGETHER = 2

#: Bytes of pictures that are on their way in at once, of one sender and of all.
MAX_BYTES_HELD = 134_217_728, 201_326_592

#: Pictures that wait to be written anew, one after the other, and seconds until there may be room for another.
MAX_PICTURES_WAITING, PICTURE_RETRY_S = (8, 12), 5.0

#: Seconds after which a code that is nobody's is answered, and how many may wait for that.
WRONG_CODE_S, MAX_WRONG_CODES = 0.5, (64, 128)

#: What a route says of it.
FLOODED = {429: Answer("Too much is coming in at present.", headers={"Retry-After": "Seconds."})}


@dataclass(slots=True)
class Places:
    """What is in use at once: `each` of it by one sender at most, and `most` by all."""

    each: int
    most: int
    used: Counter[bytes] = field(default_factory=Counter)

    def free(self, sender: bytes, size: int = 1) -> bool:
        return self.used[sender] + size <= self.each and self.used.total() + size <= self.most

    def take(self, sender: bytes, size: int = 1) -> None:
        self.used[sender] += size

    def give_back(self, sender: bytes, size: int = 1) -> None:
        self.used[sender] -= size
        if not self.used[sender]:
            del self.used[sender]


def _of_all(most: float, per_second: float) -> Bucket:
    return Bucket(TOGETHER * most, TOGETHER * per_second)


@dataclass(slots=True)
class Flood:
    """What is under way and was taken lately in this process."""

    senders: Senders = field(default_factory=Senders)
    tips: Bucket = field(default_factory=lambda: _of_all(*TIPS_OF_ALL))
    items: defaultdict[str, Bucket] = field(default_factory=lambda: defaultdict(lambda: _of_all(*TIPS_PER_ITEM)))
    pictures: Bucket = field(default_factory=lambda: _of_all(*PICTURES_OF_ALL))
    held: Places = field(default_factory=lambda: Places(*MAX_BYTES_HELD))
    waiting: Places = field(default_factory=lambda: Places(*MAX_PICTURES_WAITING))
    wrong_codes: Places = field(default_factory=lambda: Places(*MAX_WRONG_CODES))

    def sender(self, request: web.Request) -> bytes:
        return self.senders.known(request.remote)

    def one_tip(self, sender: bytes, item: str) -> None:
        """Raises TooManyRequests where too many came lately."""
        own = self.senders.bucket(sender, f"tips of {item}", *TIPS_PER_ITEM)
        _through(own, self.senders.bucket(sender, "tips", *TIPS_OF_ALL), self.items[item], self.tips)

    def one_picture(self, sender: bytes) -> None:
        _through(self.senders.bucket(sender, "pictures", *PICTURES_OF_ALL), self.pictures)

    @contextmanager
    def holding(self, sender: bytes) -> Iterator[Callable[[int], None]]:
        """A count of bytes in memory, which are gone when the block ends; counting raises TooManyRequests."""
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if not self.held.free(sender, size):
                raise _later(2.0)
            self.held.take(sender, size)
            held += size

        try:
            yield hold
        finally:
            self.held.give_back(sender, held)

    def room(self, sender: bytes) -> None:
        """Raises TooManyRequests where as many pictures wait as may."""
        if not self.waiting.free(sender):
            raise _later(PICTURE_RETRY_S)

    @contextmanager
    def turn(self, sender: bytes) -> Iterator[None]:
        """A place among the pictures that wait; it is free when the block ends. Raises as `room` does."""
        self.room(sender)
        self.waiting.take(sender)
        try:
            yield
        finally:
            self.waiting.give_back(sender)

    async def one_wrong_code(self, sender: bytes, since: float) -> None:
        """Wait until `WRONG_CODE_S` seconds after `since`, so that every code that is nobody's takes as long.

        Raises TooManyRequests where many wait already: whoever guesses holds up whoever else guesses, and nobody with a
        code that is right.
        """
        if not self.wrong_codes.free(sender):
            raise _later(WRONG_CODE_S)
        self.wrong_codes.take(sender)
        try:
            await asyncio.sleep(since + WRONG_CODE_S - time.monotonic())
        finally:
            self.wrong_codes.give_back(sender)


def _through(*buckets: Bucket) -> None:
    if wait := wait_for(*buckets):
        raise _later(wait)


def _later(seconds: float) -> TooMuchComing:
    return TooMuchComing(headers={"Retry-After": str(math.ceil(seconds))})


FLOOD: Key[Flood] = Key("flood of tips")
