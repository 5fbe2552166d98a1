"""The courier of one provider: takes what is due, the urgent first, sends it, and has recorded what became of it.

What became of messages is recorded in small groups, so that a worker that dies loses nothing and repeats at most what
it had not recorded. No transaction is open while a provider is awaited.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from banshi import Platform
from banshi.sdk.database import MAX_SLEEP_S
from banshi.sdk.limits import RATES
from banshi.sdk.operations import place_of, woken
from mobile_push.delivery.claims.chunks import Chunks
from mobile_push.delivery.claims.delivery_job import DeliveryJob, Source
from mobile_push.delivery.claims.rows import Rows
from mobile_push.delivery.claims.screens import Screens
from mobile_push.delivery.claims.sender import Sender
from mobile_push.delivery.claims.verdicts import Verdicts
from mobile_push.delivery.metrics import Metrics, Teller, log
from mobile_push.delivery.pace import Pace
from mobile_push.delivery.quota import Quota
from mobile_push.delivery.topics.changes import kept
from mobile_push.providers.provider import Provider
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import Lane
from mobile_push.ways import SECOND, WAYS

#: Deliverys claimed for each send that may be under way: enough that no connection waits for the database. And seconds
#: of the rate that are claimed at most: what waits for longer would only wait for its lease to end.
CLAIMED_PER_SEND, MAX_CLAIMED_S = 2, 5.0

#: Longest time in seconds that an outcome waits for others to be recorded with, where they are many and where they are
#: few: there waiting saves little, and what was not recorded when a worker is killed is sent again.
GATHER_MANY_S, GATHER_FEW_S = 0.02, 0.005

#: Outcomes of one record that are many: so much will come for the next one as well.
MANY_OUTCOMES = 32

#: Seconds until what failed is tried again, and a rest is looked at.
RETRY_S = 1.0

#: Seconds of a rest from which on what is claimed is given back: others may be able to send it.
LONG_REST_S = 5.0

#: Seconds for which a provider that has made itself ready is not asked to do so again.
PREPARED_FOR_S = 30.0

#: Seconds that sends under way get to finish when the server stops.
DRAIN_S = 3.0


class Courier:
    """Delivers through one provider."""

    def __init__(self, platform: Platform, provider: Provider, settings: PushSettings, metrics: Metrics) -> None:
        #: There is something to be sent; there may be soon.
        self.wake, self.soon = asyncio.Event(), asyncio.Event()
        self.provider = provider
        self._platform = platform
        batch: int = getattr(provider, "batch", 1)
        #: Phones that may be claimed, and in one step: an alert comes between two.
        self._enough = CLAIMED_PER_SEND * provider.at_once * batch
        self._a_step = CLAIMED_PER_SEND * max(provider.at_once, batch)
        self.pace = Pace(provider.per_second, provider.at_once, provider.one_service)
        rates = platform.get(RATES)
        shared = rates is not None and rates.may_be_shared and provider.per_second is not None
        self._quota = Quota(rates, provider.name, self.pace, self._rouse_all) if rates is not None and shared else None
        self._teller = Teller(provider.name)
        self._verdicts = Verdicts(platform, provider, metrics, self._teller, kept)
        self._sender = Sender(platform, provider, self.pace, metrics, self._teller, self._verdicts, self._told)
        ways = platform.get(WAYS)
        #: By which name messages go by it: also to phones of which this isn't the first address.
        self.names = [provider.name, *([provider.name + SECOND] if ways and ways.several(provider.name) else [])]
        #: Whether it can take something off a screen without showing anything.
        self.unseen: bool = getattr(provider, "unseen", False)
        rows = (Rows(platform, provider, settings, metrics, self._verdicts, name) for name in self.names)
        chunks = (Chunks(platform, provider, settings, self._verdicts, name) for name in self.names)
        screens = (Screens(platform, settings, name) for name in self.names if self.unseen)
        self._sources: tuple[Source, ...] = (*rows, *chunks, *screens)
        self._waiting: dict[Lane, deque[DeliveryJob]] = {lane: deque() for lane in Lane}
        self._idle: list[asyncio.Future[None]] = []
        #: What rouses somebody idle to look again, and when by the loop's clock.
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = 0.0
        self._outcome = asyncio.Event()
        self._outcomes = 0
        self._stopping = False
        for lane in Lane:
            waiting = self._waiting[lane]
            metrics.waiting.labels(provider.name, lane.name.lower()).set_function(waiting.__len__)
        metrics.share.labels(provider.name).set_function(lambda: self.pace.share)
        metrics.under_way.labels(provider.name).set_function(lambda: float(self.pace.under_way))
        metrics.resting.labels(provider.name).set_function(lambda: float(self.pace.resting > 0))

    async def run(self) -> None:
        """Deliver until cancelled; then finish what is under way and give the rest back."""
        self._stopping = False
        senders = [asyncio.create_task(self._send_all()) for _ in range(self.provider.at_once)]
        beside = [asyncio.create_task(self._record_all()), asyncio.create_task(self._prepare_all())]
        if self._quota is not None:
            beside.append(asyncio.create_task(self._quota.run()))
        try:
            await self._claim_all()
        finally:
            await asyncio.shield(self._stop(senders, beside))

    async def _prepare_all(self) -> None:
        """Let the provider make itself ready, where it can, for what may come soon."""
        while prepare := getattr(self.provider, "prepare", None):
            await self.soon.wait()
            self.soon.clear()
            try:
                await prepare()
            except Exception as error:
                self._teller.tell("a push provider failed", type(error).__name__)
            await asyncio.sleep(PREPARED_FOR_S)

    async def _stop(self, senders: list[asyncio.Task[None]], beside: list[asyncio.Task[None]]) -> None:
        self._stopping = True
        left = self._take_all()
        self._rouse(len(self._idle))
        await asyncio.wait(senders, timeout=DRAIN_S)
        for task in (*senders, *beside):
            task.cancel()
        await asyncio.gather(*senders, *beside, return_exceptions=True)
        await self._record()
        await self._give_back(left)

    # -- claiming ------------------------------------------------------------------------------------------------

    async def _claim_all(self) -> None:
        while True:
            self.wake.clear()
            resting = self.pace.resting
            if resting > 0:
                if resting > LONG_REST_S and not self.pace.under_way and (left := self._take_all()):
                    await self._give_back(left)
                await asyncio.sleep(min(resting, RETRY_S))
                self._rouse_all()
                continue
            room = self._room()
            claimed, failure = await self._claim(room)
            for delivery in claimed:
                self._waiting[delivery.lane].append(delivery)
            if claimed:
                self._rouse_all()
            elif failure is not None:  # the database is away; what is due stays due, so keep asking
                log.error("deliveries can't be read", provider=self.provider.name, error=type(failure).__name__)
                await asyncio.sleep(RETRY_S)
            else:
                # Nothing is due only where every lane was asked: what was full may have drained meanwhile.
                nothing = room is not None and room[0] is Lane.NOTICE and not any(self._waiting.values())
                await woken(self.wake, MAX_SLEEP_S if nothing else GATHER_MANY_S)

    def _room(self) -> tuple[Lane, int] | None:
        """The last lane for which deliveries may be claimed, and how many; None where there are enough."""
        enough = self._enough
        if self.pace.per_second is not None:
            enough = max(1, min(enough, int(self.pace.per_second * MAX_CLAIMED_S)))
        waiting = 0
        found = None
        for lane in Lane:
            waiting += len(self._waiting[lane])
            if waiting * 2 <= enough:
                found = (lane, min(enough - waiting, self._a_step))
        return found

    async def _claim(self, room: tuple[Lane, int] | None) -> tuple[list[DeliveryJob], Exception | None]:
        """What could be claimed, and why something could not."""
        if room is None:
            return [], None
        claims = asyncio.gather(*(source.claim(*room) for source in self._sources), return_exceptions=True)
        try:
            results = await asyncio.shield(claims)
        except asyncio.CancelledError:
            # The server stops in this very moment: what is being claimed would wait for its lease to end.
            await self._give_back([delivery for found in await claims if isinstance(found, list) for delivery in found])
            raise
        # What a claim found to be settled already.
        self._outcome.set()
        failures = [one for one in results if isinstance(one, Exception)]
        found = [delivery for one in results if not isinstance(one, BaseException) for delivery in one]
        return found, failures[0] if failures else None

    def _take_all(self) -> list[DeliveryJob]:
        left = [delivery for waiting in self._waiting.values() for delivery in waiting]
        for waiting in self._waiting.values():
            waiting.clear()
        return left

    async def _give_back(self, left: Sequence[DeliveryJob]) -> None:
        for source in self._sources:
            await source.give_back([delivery for delivery in left if delivery.source is source])

    # -- sending -------------------------------------------------------------------------------------------------

    def _next(self) -> DeliveryJob | float:
        """The delivery to be sent now, the most urgent; or the seconds to wait, 0.0 for until there is one."""
        shortest = 0.0
        for lane, waiting in self._waiting.items():
            while waiting and not waiting[0].source.ready(waiting[0]):
                waiting.popleft()
            if waiting:
                pause = self.pace.take(lane)
                if not pause:
                    return waiting.popleft()
                shortest = min(shortest or pause, pause)
        return shortest

    async def _send_all(self) -> None:
        while not self._stopping:
            try:
                await self._send_next()
            except Exception as error:
                # A mistake of ours. Senders that end by one, each in its turn, would end the courier without a word.
                self._teller.tell("a sender failed and goes on", f"{type(error).__name__} {place_of(error)}")
                await asyncio.sleep(GATHER_MANY_S)

    async def _send_next(self) -> None:
        delivery = self._next()
        if isinstance(delivery, float):
            await self._idle_for(delivery)
            return
        if self._alarm is None and any(self._waiting.values()):
            # Somebody always looks what may go next, however long this send takes.
            self._rouse(min(1, len(self._idle)))
        await self._sender.send(delivery, self._waiting[delivery.lane])

    def _told(self, outcomes: int) -> None:
        self._outcomes += outcomes
        self._outcome.set()

    async def _idle_for(self, seconds: float) -> None:
        """Wait to be roused, or until it may be time to look again."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._idle.append(future)
        if seconds:
            at = loop.time() + min(seconds, RETRY_S)
            if self._alarm is None or at < self._alarm_at:
                if self._alarm is not None:
                    self._alarm.cancel()
                # Not the handle's own `when()`: uvloop's has none for a moment that has passed already.
                self._alarm, self._alarm_at = loop.call_at(at, self._ring), at
        await future

    def _ring(self) -> None:
        self._alarm = None
        self._rouse_all()

    def _rouse_all(self) -> None:
        """Wake as many senders as may send; the first that may not re-arms the timer."""
        waiting = sum(map(len, self._waiting.values()))
        # Where no alert waits, its part of the rate is nobody's: a thousand would look in vain at each turn.
        lane = Lane.ALERT if self._waiting[Lane.ALERT] else Lane.NOTICE
        self._rouse(min(len(self._idle), waiting, max(1, self.pace.room(lane))))

    def _rouse(self, count: int) -> None:
        for _ in range(count):
            future = self._idle.pop()
            if not future.done():
                future.set_result(None)

    # -- recording -----------------------------------------------------------------------------------------------

    async def _record_all(self) -> None:
        many = False
        while True:
            await self._outcome.wait()
            await asyncio.sleep(GATHER_MANY_S if many else GATHER_FEW_S)
            self._outcome.clear()
            many, self._outcomes = self._outcomes >= MANY_OUTCOMES, 0
            await self._record()

    async def _record(self) -> None:
        steps = (self._verdicts.write_down, *(source.record for source in self._sources), self._verdicts.conclude)
        for step in steps:
            try:
                if await step():
                    self.wake.set()
            except Exception as error:  # it is kept, and tried again
                asyncio.get_running_loop().call_later(RETRY_S, self._outcome.set)
                log.error("outcomes can't be recorded", provider=self.provider.name, error=type(error).__name__)
