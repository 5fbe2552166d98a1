"""What lives as long as the server: the hub of open streams, the walkers of fan-outs, and a courier per provider."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from prometheus_client import Gauge

from banshi import Key, Message, Platform
from banshi.sdk.database import MAX_SLEEP_S, quoted
from banshi.sdk.events import SIGNALS
from banshi.sdk.operations import woken, working
from mobile_push.audience.topic_names import turn
from mobile_push.delivery.claims.screens import READ
from mobile_push.delivery.courier import Courier
from mobile_push.delivery.leases import alive, free
from mobile_push.delivery.metrics import Metrics
from mobile_push.delivery.planner import Planner
from mobile_push.delivery.topics.sync import TopicSync
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox import standings
from mobile_push.inbox.arrivals import Arrivals
from mobile_push.inbox.hub import Hub
from mobile_push.inbox.peers import CHANGED, GONE, INBOX, LOG, SOON, WISHES, Peers, end_forgotten, look_up
from mobile_push.inbox.standings import EVERYBODY
from mobile_push.inbox.unread import COMMON_LOG
from mobile_push.providers.for_test_cases import NO_SANDBOX, Sandboxes
from mobile_push.providers.provider import PROVIDERS, TopicProvider
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import Lane, lanes_of
from mobile_push.tables.models import Delivery, InboxMessage

#: Seconds that a stream gets to end by itself; what a phone does not read in that time it reads after reconnecting.
STREAM_END_S = 1.0

#: The provider whose topics broadcasts may go by.
FCM = "fcm"


@dataclass(slots=True)
class Push:
    """The running push service."""

    platform: Platform
    settings: PushSettings
    hub: Hub
    arrivals: Arrivals
    metrics: Metrics
    couriers: list[Courier] = field(default_factory=list)
    #: Those of test cases' pushes: phones register for none of their providers, and broadcasts go by none.
    sandboxes: list[Courier] = field(default_factory=list)
    diverted: Sandboxes = NO_SANDBOX
    planners: list[Planner] = field(default_factory=list)
    #: What browsers subscribe with; None where Web Push is not set up.
    webpush_key: str | None = None
    #: Persons who are registering a phone in this moment: one after the other, so that the limit holds.
    registering: weakref.WeakValueDictionary[str, asyncio.Lock] = field(default_factory=weakref.WeakValueDictionary)
    #: One reads the common log on at a time, so that every stream hears of its entries in order.
    _announcing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def providers(self) -> list[str]:
        """The providers that phones may register for."""
        return [inbox_messages.STREAM, *self.couriered]

    @property
    def hears_others(self) -> bool:
        """Whether the other processes' signals come here."""
        return self.platform[SIGNALS].connected.is_set()

    @property
    def couriered(self) -> list[str]:
        """The providers that a fan-out walks over."""
        return [courier.provider.name for courier in self.couriers]

    async def accept(self, messages: Sequence[Message]) -> None:
        """Take messages over: when this returns they are in their inboxes, and their deliveries are planned."""
        persons = await inbox_messages.store(self.platform, messages, self.settings.ttl, sandboxes=self.diverted)
        self.hub.wake(persons)
        self.tell(INBOX, persons)
        self.wake()

    def expect(self) -> None:
        """Something may be published soon: here and elsewhere, what its first message needs is made ready."""
        self.tell(SOON, ["soon"])
        self.prepare()

    def prepare(self, _: Iterable[str] = ()) -> None:
        """Let this process's providers make ready what a first message would wait for."""
        for courier in self.couriers:
            courier.soon.set()

    async def announce(self) -> None:
        """Something was published or recalled here: tell the open streams of all processes, and begin its fan-out."""
        self.prepare()
        self.tell(LOG, ["new"])
        await self.read_on()

    async def read_on(self) -> None:
        """Tell this process's open streams what is new in the common log, and look for its fan-out."""
        for planner in self.planners:
            planner.wake.set()
        async with self._announcing:
            # Where nobody tells us what is wished at another process: a stream that went by former wishes would go past
            # what is theirs, for good.
            first = None if self.hears_others else lambda: look_up(self.platform, self.hub, self.hub.persons())
            await self.hub.publish(await self.hub.log.read_on(first))

    async def heed(self, person: str) -> None:
        """A person follows something else, or is somewhere else: their open streams go by that from now on."""
        if self.hub.listens(person):
            self.hub.changed(person, await standings.listener_of(self.platform, person))
        self.tell(WISHES, [person])

    def show_changes(self, person: str) -> None:
        """A person has read, archived or deleted something: tell all their phones that are connected."""
        self.hub.wake_changed([person])
        self.tell(CHANGED, [person])

    async def clear(self, person: str, messages: Collection[UUID], device: UUID | None = None) -> None:
        """What a person has read here, on `device` where that is known, leaves the screens of their other phones.

        It is left to whoever works.
        """
        sent = Delivery.filter(message_id__in=list(messages), state="sent")
        if len({one.device_id for one in await sent}) <= (device is None):
            return
        unread_cases = InboxMessage.filter(person=person, read_at__isnull=True, deleted_at__isnull=True)
        newer = set(await unread_cases.filter(case_id__isnull=False).values_list("case_id", flat=True))
        read = await InboxMessage.filter(id__in=list(messages), person=person)
        # A newer message of the case stands there in its place.
        gone = [one.id for one in read if one.case_id is None or one.case_id not in newer]
        names = [name for courier in self.couriers if courier.unseen for name in courier.names]
        others = sent.filter(message_id__in=gone, provider__in=names).exclude(device_id=device or UUID(int=0))
        await others.update(state=READ, lease_until=0, not_before=0)
        self.wake()

    def forget(self, person: str) -> None:
        """Nothing is kept of a person any more: end their streams."""
        self.hub.cut([person])
        self.tell(GONE, [person])

    def tell(self, topic: str, words: Iterable[str]) -> None:
        """Tell the processes that other phones are connected to."""
        self.platform[SIGNALS].send(topic, words)

    def wake(self) -> None:
        """There is something to be sent."""
        for courier in (*self.couriers, *self.sandboxes):
            courier.wake.set()


PUSH: Key[Push] = Key("mobile_push")


@asynccontextmanager
async def open_push(settings: PushSettings, platform: Platform) -> AsyncIterator[Push]:
    """The running service; at its end the sends under way are finished and the rest is given back."""
    metrics = Metrics(platform)
    push = Push(platform, settings, Hub(platform[COMMON_LOG], settings.devices), Arrivals(platform), metrics)
    push.diverted = Sandboxes(settings.sandbox.names, metrics.attempts)
    await push.hub.log.read_on()
    gauge = Gauge("banshi_push_streams", "Open streams", registry=platform.metrics)
    gauge.set_function(push.hub.__len__)
    keepers: list[TopicSync] = []
    await turn(platform, FCM, on=settings.fcm is not None and settings.fcm.topics)
    others = Peers(platform, push.hub, push.read_on)
    for topic in (SOON, LOG):
        platform[SIGNALS].on(topic, push.prepare)
    async with AsyncExitStack() as stack:
        for name, way in platform.registry.offered(PROVIDERS):
            if way.name in push.providers:
                raise ValueError(
                    f"{name}: rename its provider {way.name}: phones can register for one that way already"
                )
            provider = await stack.enter_async_context(way.of(platform) if way.of else way.make())
            push.couriers.append(Courier(platform, provider, settings, metrics))
            if way.name == FCM and settings.fcm is not None and settings.fcm.topics:
                assert isinstance(provider, TopicProvider)  # noqa: S101 - our own
                keepers.append(TopicSync(platform, provider, settings))
            # What browsers subscribe with.
            push.webpush_key = getattr(provider, "public_key", push.webpush_key)
        for sandbox in settings.sandbox.providers(settings.webpush):
            await stack.enter_async_context(sandbox)
            push.sandboxes.append(Courier(platform, sandbox, settings, metrics))
        couriers = [*push.couriers, *push.sandboxes]
        if lanes_of(platform):
            for courier in couriers:
                _wake(platform, courier, settings.lease)
        await stack.enter_async_context(alive(platform, [name for courier in couriers for name in courier.names]))
        own = lanes_of(platform)
        push.planners += [Planner(platform, settings, [lane], push.wake) for lane in own if lane is not Lane.CASE]
        works: list[Callable[[], Awaitable[None]]] = [others.heed]
        works += [partial(look, push) for look in (_end_streams, _look_for_news, _look_for_forgotten)]
        if own:
            works += [one.run for one in couriers]
            works += [one.run for one in push.planners]
            works += [one.run for one in keepers]
        async with working("mobile-push", *works):
            yield push


def _wake(platform: Platform, courier: Courier, lease: float) -> None:
    """Wake it for what other processes have planned, and for what a dead one had claimed."""
    clock, names = platform.store.clock, ", ".join(map(quoted, courier.names))
    for about, table, states in (
        ("chunks", "push_chunk", "'due'"),
        ("deliveries", "push_delivery", f"'due', '{READ}'"),
    ):
        platform.store.pulse.when(
            f"{about}: {courier.provider.name}",
            f"{table} WHERE provider IN ({names}) AND state IN ({states}) AND not_before <= {clock} "
            f"AND {free(clock, lease)} AND {platform.store.not_held}",
            courier.wake.set,
        )


async def _look_for_news(push: Push) -> None:
    """Find what other processes have published."""
    look = asyncio.Event()
    top = f"SELECT top FROM push_inbox_counter WHERE person = {quoted(EVERYBODY)}"  # noqa: S608
    push.platform.store.pulse.changes("common log", top, look.set)
    while True:
        await woken(look, MAX_SLEEP_S)
        look.clear()
        tops = await standings.tops(push.platform, [EVERYBODY])
        if tops.get(EVERYBODY, 0) > push.hub.log.top:
            await push.read_on()


async def _look_for_forgotten(push: Push) -> None:
    """Find where no signals come that other processes have forgotten somebody."""
    store, look = push.platform.store, asyncio.Event()
    seen = (await store.connection.execute_query_dict(f"SELECT ({standings.OFTEN}) AS often"))[0]["often"]

    def heed(often: int) -> None:
        nonlocal seen
        if often != seen:
            look.set()
        seen = often

    # Where it can't be asked, nobody's stream ends: of many who have one nothing is kept.
    store.pulse.ask("the forgotten", standings.OFTEN, heed)
    while True:
        await look.wait()
        look.clear()
        if not push.hears_others:
            await end_forgotten(push.platform, push.hub)


async def _end_streams(push: Push) -> None:
    """Wake every stream when the server shuts down, so that it ends by itself and the app reconnects elsewhere."""
    await push.platform.closing.wait()
    for stream in push.hub.all():
        stream.end()
    await asyncio.sleep(STREAM_END_S)
    push.hub.cut(push.hub.persons())


async def deliver(platform: Platform, messages: Sequence[Message]) -> None:
    """The channel: what the kernel's engine calls."""
    await platform[PUSH].accept(messages)
