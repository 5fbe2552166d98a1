"""All receivers that this process sends to: taken under leases, fed from the log, and recorded together."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import structlog

from banshi import Key, Platform
from banshi.sdk.catalogue import PerRevision
from banshi.sdk.database import MAX_SLEEP_S
from banshi.sdk.events import SIGNALS, Event
from banshi.sdk.http import CLIENTS, Client
from banshi.sdk.operations import place_of, woken, working
from banshi.sdk.outgoing import Outgoing, open_outgoing

from ..events import journal
from ..events.tail import Tail
from ..events.walk import Walk
from ..models import Replay, Subscription
from ..settings import WebhookSettings
from . import records
from .batches import Batches
from .housekeeping import tidying
from .leases import RENEW_EVERY_S, Leases
from .metrics import Metrics
from .one_by_one import OneByOne
from .receiver import Receiver, SharedByReceivers

log = structlog.get_logger("banshi.webhooks")

#: Longest time in seconds that an outcome waits for others to be recorded with: what was not recorded when a process
#: is killed is sent again.
GATHER_S = 0.2

#: Seconds that requests under way get to finish when the server stops.
DRAIN_S = 3.0

#: The topic of the signal that another process has heard events.
HEARD = "webhooks.heard"

#: The type of the event that tells a client of a webhook of its own that was disabled.
DISABLED = "banshi.webhook.disable"

#: Why a webhook was disabled whose client is no more.
REVOKED = "its client was revoked, or has lost the scope"


class Dispatcher:
    """The receivers of this process."""

    def __init__(self, platform: Platform, settings: WebhookSettings, outgoing: Outgoing) -> None:
        self.platform = platform
        self.settings = settings
        self.outgoing = outgoing
        self.tail = Tail(platform, lambda: bool(self.receivers), self._grown)
        platform[SIGNALS].on(HEARD, lambda _: self.tail.wake.set())
        self.leases = Leases(platform, settings.lease)
        self.receivers: dict[UUID, Receiver] = {}
        self.metrics = Metrics(platform, self.receivers)
        #: Handshakes and tests under way, by client.
        self.asking: Counter[str] = Counter()
        #: The types of events that there can be; walks the catalogue, so it is made in a thread.
        self.types: PerRevision[list[Collection[str]]] = PerRevision(platform.registry, list)
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        #: Where nobody has subscribed, nobody looks.
        receivers = "SELECT COUNT(*) FROM webhooks_subscription WHERE state = 'active'"
        platform.store.pulse.changes("webhooks", receivers, self._changed.set)
        self._outcome = asyncio.Event()
        self._recording = asyncio.Lock()
        #: Those with something to record; a dictionary, so that they keep their order.
        self._told: dict[Receiver, None] = {}
        self._desk = SharedByReceivers(platform, settings, outgoing, self.tail, self._tell, self.metrics.count)

    async def hear(self, events: Sequence[Event], client: str = "") -> None:
        """Write events into the log, and have them sent."""
        await journal.write(self.platform, events, self.platform.settings.address, client)
        self.tail.wake.set()
        self.platform[SIGNALS].send(HEARD, ["new"])

    def changed(self) -> None:
        """Look at the subscriptions now: a client has changed one."""
        self._changed.set()

    def _grown(self, events: Sequence[journal.Logged], before: int) -> None:
        """Wake those for whom there is something: most events are for few, and to wake costs more than to look."""
        for receiver in self.receivers.values():
            if not receiver.passed(events, before):
                receiver.wake.set()

    def _tell(self, receiver: Receiver) -> None:
        self._told[receiver] = None
        self._outcome.set()

    # -- leases --------------------------------------------------------------------------------------------------

    async def keep_leases(self) -> None:
        """Take receivers, and keep them, until cancelled."""
        await self.tail.begin()
        while True:
            self._changed.clear()
            try:
                await self.round()
            except Exception as error:  # the database is away: leases end by themselves
                log.error("webhooks can't be taken", error=type(error).__name__, where=place_of(error))
            await woken(self._changed, RENEW_EVERY_S if self.leases.receivers else MAX_SLEEP_S)

    async def round(self) -> None:
        """Renew what is held, give back what is too much, take what is free."""
        share = await self.leases.share()
        clients: dict[str, Client | None] = {}
        await self._renew(clients)
        held = [receiver for receiver in self.receivers.values() if not receiver.stopping]
        for receiver in held[share:]:
            self._let_go(receiver)
        if len(held) < share:
            good_until = time.monotonic() + self.leases.seconds
            for row in await self.leases.claim(share - len(held)):
                if client := await self._client(clients, row):
                    self._take(row, client, good_until)
        await self._take_replays()

    async def _renew(self, clients: dict[str, Client | None]) -> None:
        held = {name: one for name, one in self.receivers.items() if not one.stopping}
        good_until = time.monotonic() + self.leases.seconds
        rows = await self.leases.renew([(name, one.row.term) for name, one in held.items()])
        for row in rows:
            receiver = held.pop(row.id)
            client = await self._client(clients, row)
            if client is None or not isinstance(receiver, _class_of(row)) or not receiver.goes_on(row):
                self._let_go(receiver)
            else:
                receiver.refresh(row, client, good_until)
                if receiver.live.position != row.position:
                    self._tell(receiver)
        for receiver in held.values():  # paused, deleted, or another's by now
            self._let_go(receiver)

    async def _client(self, known: dict[str, Client | None], row: Subscription) -> Client | None:
        """The client that the webhook acts for; None, and it is disabled, where that is no more."""
        if row.client not in known:
            found = None
            for _, directory in self.platform.registry.offered(CLIENTS):
                found = found or await directory.find(self.platform, row.client)
            known[row.client] = found if found is not None and found.may_somewhere("webhooks") else None
        if known[row.client] is None:
            await Subscription.filter(id=row.id, state="active").update(state="disabled", reason=REVOKED)
            log.warning("a webhook is disabled", webhook=str(row.id), client=row.client, reason=REVOKED)
        return known[row.client]

    def _take(self, row: Subscription, client: Client, good_until: float) -> None:
        before = self.receivers.get(row.id)
        if before is not None:
            self._forget(before)  # its lease had ended
        receiver = _class_of(row)(self._desk, row, client, good_until)
        self.receivers[row.id] = receiver
        self._tasks[row.id] = asyncio.create_task(receiver.run(), name="webhooks-receiver")

    def _let_go(self, receiver: Receiver) -> None:
        task = asyncio.create_task(self._leave(receiver))
        receiver.stopping = True
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _leave(self, receiver: Receiver) -> None:
        """Let what is under way end, record it, and give the receiver back."""
        await receiver.drain()
        await self.record([receiver])
        self._forget(receiver)
        try:
            await self.leases.release([(receiver.row.id, receiver.row.term)])
        except Exception as error:
            log.error("a lease can't be given back", error=type(error).__name__)
        self._changed.set()

    def _forget(self, receiver: Receiver) -> None:
        receiver.abort()
        if self.receivers.get(receiver.row.id) is receiver:
            del self.receivers[receiver.row.id]
            self._tasks.pop(receiver.row.id).cancel()

    async def _take_replays(self) -> None:
        for row in await Replay.filter(subscription__in=list(self.receivers), state="due") if self.receivers else ():
            walk = Walk(row.position, replay=row.id, until=row.until, begins=row.begins, ends=row.ends)
            # It may have been let go since.
            if receiver := self.receivers.get(row.subscription):
                receiver.replay(row.id, walk)

    # -- recording -----------------------------------------------------------------------------------------------

    async def record_all(self) -> None:
        """Record outcomes in groups, until cancelled."""
        while True:
            await self._outcome.wait()
            await asyncio.sleep(GATHER_S)
            self._outcome.clear()
            told, self._told = self._told, {}
            if not await self.record(list(told)):
                await asyncio.sleep(1.0)

    async def record(self, receivers: Sequence[Receiver]) -> bool:
        """Record what these have to say; False where the database is away, and it is kept."""
        if not receivers:
            return True
        async with self._recording:
            # Of whoever ends from here on the next round tells, or its next sender, who fails once more.
            ending = {receiver for receiver in receivers if receiver.ending and not receiver.stopping}
            for receiver in ending:
                await self._announce(receiver)
            taken = [(receiver, receiver.take(ends=receiver in ending)) for receiver in receivers]
            try:
                lost = await records.record(self.platform, [one for _, one in taken])
            except BaseException as error:
                for receiver, one in taken:
                    receiver.put_back(one)
                    self._tell(receiver)
                if not isinstance(error, Exception):
                    raise
                log.error("deliveries can't be recorded", error=type(error).__name__, where=place_of(error))
                return False
            for receiver, one in taken:
                receiver.recorded(one)
                if one.lease in lost:
                    self._forget(receiver)
                elif receiver in ending and not receiver.stopping:
                    self._let_go(receiver)
        return True

    async def _announce(self, receiver: Receiver) -> None:
        """A word to its owner, through whatever else the client has here."""
        row = receiver.row
        log.warning("a webhook is disabled", webhook=str(row.id), client=row.client, reason=receiver.ending)
        told = {"webhook": str(row.id), "state": "disabled", "reason": receiver.ending}
        event = Event(
            # The same however often it is told.
            id=f"{row.id}.{row.term}",
            type=DISABLED,
            at=self.platform.now(),
            source="/v1/webhooks",
            subject=str(row.id),
            data=told,
        )
        try:
            await self.hear([event], row.client)
        except Exception as error:  # the state itself says it as well
            log.error("a disabled webhook's client can't be told", error=type(error).__name__)

    async def stop(self) -> None:
        """Let requests under way finish, record, and give everything back."""
        receivers = list(self.receivers.values())
        for receiver in receivers:
            receiver.stopping = True
        drains = [asyncio.create_task(receiver.drain()) for receiver in receivers]
        if drains:
            await asyncio.wait(drains, timeout=DRAIN_S)
        for receiver in receivers:
            receiver.abort()
        tasks = [*drains, *self._tasks.values(), *self._leaving]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if await self.record(receivers):
            await self.leases.release([(receiver.row.id, receiver.row.term) for receiver in receivers])
            await self.leases.leave()


def _class_of(row: Subscription) -> type[Receiver]:
    return Batches if row.mode == "batch" else OneByOne


DISPATCHER: Key[Dispatcher] = Key("webhooks.office")


@asynccontextmanager
async def open_dispatcher(settings: WebhookSettings, platform: Platform) -> AsyncIterator[Dispatcher]:
    """The running office; at the end it gives back what it had taken."""
    async with open_outgoing(platform) as outgoing:
        office = Dispatcher(platform, settings, outgoing)
        kept = timedelta(days=settings.keep_days)
        sending = (office.tail.run, office.keep_leases, office.record_all) if "case" in platform.duty.lanes else ()
        async with working("webhooks", *sending, tidying(platform, kept)):
            yield office
        await office.stop()
