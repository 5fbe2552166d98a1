"""Work between machines: who commits without working puts a word into a Redis Stream, and one worker takes it.

The rows stand in SQL, and a word says no more than that there are some. So of ten workers one looks, where a signal to
all would have each of them ask the database. A word that its worker dies with is taken over by another, and what Redis
loses the next look at the table finds, within a second.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from banshi.foundation.logs import Absence
from banshi.foundation.servers.redis_client import RedisSettings, answered, client_of

log = structlog.get_logger("banshi.engine")

#: The consumer group.
GROUP = "workers"

#: Seconds for which words gather, and until a Redis that failed is asked again.
GATHER_S, RETRY_S = 0.01, 1.0

#: Seconds that one question waits for a word, less than the client's patience; and seconds after which a word that
#: another worker took and did not settle is taken over.
BLOCK_S, STALE_WORD_S = 2.0, 5.0

#: Seconds that leaving may take: Redis may be there and say nothing.
LEAVE_TIMEOUT_S = 0.5

#: Seconds without a question after which a worker that has nothing in hand is one that was killed.
STALE_CONSUMER_S = 3600.0

#: Words that are kept at most, where nobody takes them, and that one worker takes at once.
MAX_STREAM_LENGTH, WORDS_AT_ONCE = 10_000, 64


class WorkStream:
    """This deployment's stream."""

    def __init__(self, settings: RedisSettings) -> None:
        self._client: Any = client_of(settings.url)
        self._key = f"{settings.name}:work"
        self._own = os.urandom(6).hex()
        self._new = asyncio.Event()
        told = "no work stream; workers find what is to be done by looking"
        self._absence = Absence(log, told, "the work stream is back")
        self._taken_over = 0.0

    def tell(self) -> None:
        """There is work, for one of those who work."""
        self._new.set()

    async def telling(self) -> None:
        """Put words into the stream, until cancelled. Where that fails, the workers' own looks find what there is."""
        while True:
            await self._new.wait()
            await asyncio.sleep(GATHER_S)
            self._new.clear()
            try:
                await answered(self._client.xadd(self._key, {"rows": ""}, maxlen=MAX_STREAM_LENGTH, approximate=True))
                self._absence.end()
            except Exception as error:
                self._absence.begin(error)
                self._new.set()
                await asyncio.sleep(RETRY_S)

    async def taking(self, look: Callable[[], Awaitable[bool]]) -> None:
        """Take words and `look` at the table for each, until cancelled.

        Where it could not look at all of it now, False, the word is left to whoever can.
        """
        while True:
            try:
                words = await answered(self._take_over()) or await answered(self._take())
                self._absence.end()
                # They all say the same: one of them is enough to be left to others.
                if len(words) > 1:
                    await answered(self._settle(words[:-1]))
                if words and await look():
                    await answered(self._settle(words[-1:]))
                elif words:  # each other worker asks for it before this one does so again
                    self._taken_over = time.monotonic() + 2 * STALE_WORD_S
            except Exception as error:
                if "NOGROUP" in str(error):  # the first of all, or Redis has been flushed
                    await answered(self._found())
                    continue
                self._absence.begin(error)
                await asyncio.sleep(RETRY_S)

    async def aclose(self) -> None:
        """Leave the group, so that nobody looks for this process's words, and close the connection."""
        try:
            async with asyncio.timeout(LEAVE_TIMEOUT_S):
                pending = await self._client.xpending_range(self._key, GROUP, "-", "+", 1, consumername=self._own)
                if not pending:  # to delete a consumer is to lose what it has
                    await self._client.xgroup_delconsumer(self._key, GROUP, self._own)
        except Exception as error:
            log.info("the work stream could not be left", error=type(error).__name__)
        await self._client.aclose()

    async def _take(self) -> Sequence[bytes]:
        """The next words, waiting a while for them."""
        block = int(BLOCK_S * 1000)
        found = await self._client.xreadgroup(GROUP, self._own, {self._key: ">"}, count=WORDS_AT_ONCE, block=block)
        return [identity for _, words in _pairs(found) for identity, _ in words]

    async def _take_over(self) -> Sequence[bytes]:
        """What other workers took some time ago and did not settle."""
        if time.monotonic() - self._taken_over < STALE_WORD_S:
            return ()
        self._taken_over = time.monotonic()
        idle = int(STALE_WORD_S * 1000)
        answer = await self._client.xautoclaim(self._key, GROUP, self._own, idle, count=WORDS_AT_ONCE)
        for other in await self._client.xinfo_consumers(self._key, GROUP):
            if not other["pending"] and other["idle"] > STALE_CONSUMER_S * 1000:
                await self._client.xgroup_delconsumer(self._key, GROUP, other["name"])
        # Redis before version 7 gives nothing in the place of what is gone.
        return [word[0] for word in answer[1] if word and word[0] is not None]

    async def _settle(self, words: Sequence[bytes]) -> None:
        await self._client.xack(self._key, GROUP, *words)
        await self._client.xdel(self._key, *words)

    async def _found(self) -> None:
        try:
            await self._client.xgroup_create(self._key, GROUP, id="0", mkstream=True)
        except Exception as error:
            if "BUSYGROUP" not in str(error):
                self._absence.begin(error)
                await asyncio.sleep(RETRY_S)


def _pairs(found: Any) -> Any:
    """What XREADGROUP gave, however the protocol writes it: the key with its words."""
    return found.items() if isinstance(found, dict) else found or ()
