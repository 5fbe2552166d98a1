"""Sending signals and hearing them."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import structlog

from banshi.foundation.background import working
from banshi.foundation.keys import Key
from banshi.foundation.logs import Absence, place_of
from banshi.kernel.runtime.running import Platform
from banshi.kernel.runtime.signals.carrier import Carrier

log = structlog.get_logger("banshi.signals")

#: Seconds for which signals gather, and until a broken connection is made anew.
GATHER_S, RECONNECT_PAUSE_S = 0.02, 1.0

#: Words of one topic that wait to be sent at most. Whoever misses more than that looks by itself.
MAX_WAITING_WORDS = 100_000

#: The kernel's own topic: tables whose rows a transaction changed or added.
ROWS = "rows"

Heed = Callable[[frozenset[str]], None]


class Signals:
    """What this process tells the others, and hears of them."""

    def __init__(self, carrier: Carrier) -> None:
        self.connected = asyncio.Event()
        self._carrier = carrier
        self._own = os.urandom(6).hex()
        self._heeding: dict[str, list[Heed]] = defaultdict(list)
        self._missed: list[Callable[[], None]] = []
        self._waiting: dict[str, set[str]] = defaultdict(set)
        self._wake = asyncio.Event()
        #: What was heard and not passed on yet, and until when it gathers.
        self._told: dict[str, set[str]] = defaultdict(set)
        self._gathering: asyncio.TimerHandle | None = None
        told = "no signals from other processes; all goes on, slower"
        self._absence = Absence(log, told, "signals from other processes are back")

    def on(self, topic: str, heed: Heed, *, missed: Callable[[], None] | None = None) -> None:
        """Call `heed` with the words that another process sends under a topic, such as "push.inbox".

        `missed` is called when the connection is back after it broke: signals may have come meanwhile. It is for
        whoever doesn't look by itself.
        """
        self._heeding[topic].append(heed)
        if missed is not None:
            self._missed.append(missed)

    def send(self, topic: str, words: Iterable[str]) -> None:
        """Tell all other processes, in a moment. Words that are the same are sent once; a topic needs at least one."""
        waiting = self._waiting[topic]
        if self._carrier.longest and len(waiting) < MAX_WAITING_WORDS:
            waiting.update(words)
            self._wake.set()

    async def listen(self) -> None:
        """Hear of the others, and connect again and again where that breaks."""
        while self._carrier.longest:
            try:
                await self._carrier.listen(self._heard, self._connected)
            except Exception as error:
                self._absence.begin(error)
            finally:
                self.connected.clear()
            await asyncio.sleep(RECONNECT_PAUSE_S)

    async def tell(self) -> None:
        """Send what was gathered, until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            await self.send_waiting()

    async def send_waiting(self) -> None:
        """Send what was gathered, as far as it can be sent now."""
        waiting, self._waiting = self._waiting, defaultdict(set)
        while waiting:
            topic = next(iter(waiting))
            try:
                for text in self._texts(topic, waiting[topic]):
                    await self._carrier.send(text)
            except Exception:  # listen() says that it broke, and once it is back all of it is sent
                for name, words in waiting.items():
                    self.send(name, words)
                self._wake.clear()
                return
            del waiting[topic]

    def _texts(self, topic: str, words: Iterable[str]) -> Iterator[str]:
        """As many messages as the words need."""
        message, room = [self._own, topic], self._carrier.longest - len(orjson.dumps([self._own, topic]))
        left = room
        for word in words:
            # At most six bytes of JSON for each of UTF-8, and a comma.
            takes = len(orjson.dumps(word)) + 1
            if takes > left and len(message) > 2:
                yield orjson.dumps(message).decode()
                del message[2:]
                left = room
            message.append(word)
            left -= takes
        if len(message) > 2:
            yield orjson.dumps(message).decode()

    def _connected(self) -> None:
        self.connected.set()
        self._wake.set()
        if self._absence.end():
            for missed in self._missed:
                self._call(missed)

    def _heard(self, text: str) -> None:
        try:
            message = orjson.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, list) or len(message) < 3 or not all(isinstance(one, str) for one in message):
            log.warning("a signal can't be read; does something else share the channel?")
            return
        sender, topic, *words = message
        if sender != self._own:
            self._told[topic].update(words)
            if self._gathering is None:
                self._pass_on()

    def _pass_on(self) -> None:
        """Call whoever wants to hear it, at once; what comes for a moment after that they hear together."""
        told, self._told, self._gathering = self._told, defaultdict(set), None
        if told:
            self._gathering = asyncio.get_running_loop().call_later(GATHER_S, self._pass_on)
        for topic, words in told.items():
            for heed in self._heeding.get(topic, ()):
                self._call(heed, frozenset(words))

    @staticmethod
    def _call(heed: Callable[..., None], *given: Any) -> None:
        try:
            heed(*given)
        except Exception as error:  # the others want to hear of it too
            log.error("a signal could not be heeded", error=type(error).__name__, where=place_of(error))


#: What processes tell each other.
SIGNALS: Key[Signals] = Key("signals")


@asynccontextmanager
async def open_signals(platform: Platform) -> AsyncIterator[Signals]:
    """Signals between the processes on one Redis or PostgreSQL; of changes elsewhere the store's listeners hear."""
    signals = Signals(_carrier(platform))
    store = platform.store
    if signals._carrier.longest:
        store.on_commit(lambda models: signals.send(ROWS, (one._meta.db_table for one in models)), elsewhere=False)
    signals.on(ROWS, store.committed_elsewhere)
    async with working("banshi-signals", signals.listen, signals.tell):
        try:
            yield signals
        finally:
            # What was said last: that somebody else may lead, say.
            await signals.send_waiting()


def _carrier(platform: Platform) -> Carrier:
    redis = platform.settings.redis
    if redis is not None:
        from banshi.kernel.runtime.signals.redis import RedisCarrier

        return RedisCarrier(redis.url, redis.name)
    if platform.store.dialect != "postgres":
        return Carrier()
    from banshi.kernel.runtime.signals.postgres import PostgresCarrier

    return PostgresCarrier(platform.store.connection)
