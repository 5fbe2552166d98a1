"""How much is taken from people of whom nothing is known: counted together, never by address or device.

Each process counts for itself, in memory. A flood of one item's tips leaves the others their own; whoever has a code
already is not held up by it. Who sends too much from one address is for the proxy in front to see.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from banshi.foundation.keys import Key
from banshi.kernel.contract.routes import Answer
from banshi.kinds.appeal.problems import TooMuchComing

#: Tips at once and a second, of one item and of all; pictures likewise.
TIPS_PER_ITEM, TIPS_OF_ALL, PICTURES_OF_ALL = (20, 1 / 3), (60, 1.0), (60, 2.0)

#: Bytes of pictures that are on their way in at once.
MAX_BYTES_HELD = 134_217_728

#: Pictures that wait to be written anew, one after the other, and seconds until there may be room for another.
MAX_PICTURES_WAITING, PICTURE_RETRY_S = 8, 5.0

#: Seconds after which a code that is nobody's is answered, and how many may wait for that.
WRONG_CODE_S, MAX_WRONG_CODES = 0.5, 64

#: What a route says of it.
FLOODED = {429: Answer("Too much is coming in at present.", headers={"Retry-After": "Seconds."})}


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
class Flood:
    """What is under way and was taken lately in this process."""

    tips: Bucket = field(default_factory=lambda: Bucket(*TIPS_OF_ALL))
    items: defaultdict[str, Bucket] = field(default_factory=lambda: defaultdict(lambda: Bucket(*TIPS_PER_ITEM)))
    pictures: Bucket = field(default_factory=lambda: Bucket(*PICTURES_OF_ALL))
    bytes_held: int = 0
    waiting: int = 0
    wrong_codes: int = 0

    def one_tip(self, item: str) -> None:
        """Raises TooManyRequests where too many came lately."""
        _through(self.items[item], self.tips)

    def one_picture(self) -> None:
        _through(self.pictures)

    @contextmanager
    def holding(self) -> Iterator[Callable[[int], None]]:
        """A count of bytes in memory, which are gone when the block ends; counting raises TooManyRequests."""
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if self.bytes_held + size > MAX_BYTES_HELD:
                raise _later(2.0)
            self.bytes_held += size
            held += size

        try:
            yield hold
        finally:
            self.bytes_held -= held

    def room(self) -> None:
        """Raises TooManyRequests where as many pictures wait as may."""
        if self.waiting >= MAX_PICTURES_WAITING:
            raise _later(PICTURE_RETRY_S)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A place among the pictures that wait; it is free when the block ends. Raises as `room` does."""
        self.room()
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1

    async def one_wrong_code(self, since: float) -> None:
        """Wait until `WRONG_CODE_S` seconds after `since`, so that every code that is nobody's takes as long.

        Raises TooManyRequests where many wait already: whoever guesses holds up whoever else guesses, and nobody with a
        code that is right.
        """
        if self.wrong_codes >= MAX_WRONG_CODES:
            raise _later(WRONG_CODE_S)
        self.wrong_codes += 1
        try:
            await asyncio.sleep(since + WRONG_CODE_S - time.monotonic())
        finally:
            self.wrong_codes -= 1


def _through(*buckets: Bucket) -> None:
    if wait := max(bucket.wait() for bucket in buckets):
        raise _later(wait)
    for bucket in buckets:
        bucket.take()


def _later(seconds: float) -> TooMuchComing:
    return TooMuchComing(headers={"Retry-After": str(math.ceil(seconds))})


FLOOD: Key[Flood] = Key("flood of tips")
