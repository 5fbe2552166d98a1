"""What lives as long as the server: the inbox's hub and one delivery loop per configured provider."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from prometheus_client import Gauge

from banshi import Key, Message, Platform
from mobile_push import inbox
from mobile_push.delivery.courier import Courier
from mobile_push.delivery.tell import Metrics
from mobile_push.inbox import Hub
from mobile_push.settings import PushSettings

#: Seconds that a stream gets to end by itself; what a phone does not read in that time it reads after reconnecting.
LAST_WORDS = 1.0


@dataclass(slots=True)
class Push:
    """The running push service."""

    platform: Platform
    settings: PushSettings
    hub: Hub
    couriers: list[Courier] = field(default_factory=list)
    #: Persons who are registering a phone in this moment: one after the other, so that the limit holds.
    registering: weakref.WeakValueDictionary[str, asyncio.Lock] = field(default_factory=weakref.WeakValueDictionary)

    @property
    def providers(self) -> list[str]:
        """The providers that phones may register for."""
        return [inbox.STREAM, *(["fcm"] if self.settings.fcm else [])]

    @property
    def couriered(self) -> list[str]:
        """The providers that a fan-out walks over."""
        return [courier.provider.name for courier in self.couriers]

    async def announce(self) -> None:
        """Something was published or recalled: tell the open streams, and begin its fan-out."""
        self.hub.wake_all()
        for courier in self.couriers:
            courier.wake.set()

    async def accept(self, messages: Sequence[Message]) -> None:
        """Take messages over: when this returns they are in their inboxes, and their deliveries are planned."""
        persons = await inbox.store(self.platform, messages, self.settings.ttl)
        for person in persons:
            self.hub.wake(person)
        for courier in self.couriers:
            courier.wake.set()


PUSH: Key[Push] = Key("mobile_push")


@asynccontextmanager
async def open_push(settings: PushSettings, platform: Platform) -> AsyncIterator[Push]:
    """The running service; at its end the sends under way are finished and the rest is given back."""
    push = Push(platform, settings, Hub(settings.devices))
    gauge = Gauge("banshi_push_streams", "Open streams", registry=platform.metrics)
    gauge.set_function(lambda: push.hub.open_streams)
    async with AsyncExitStack() as stack:
        if settings.fcm is not None:
            from mobile_push.fcm import FcmProvider

            provider = await stack.enter_async_context(FcmProvider(settings.fcm))
            metrics = Metrics.of(platform)
            push.couriers.append(Courier(platform, provider, settings, metrics))
        tasks = [asyncio.create_task(one.run(), name="mobile-push-delivery") for one in push.couriers]
        streams = asyncio.create_task(_end_streams(platform, push))
        try:
            yield push
        finally:
            for task in (*tasks, streams):
                task.cancel()
            await asyncio.gather(*tasks, streams, return_exceptions=True)


async def _end_streams(platform: Platform, push: Push) -> None:
    """Wake every stream when the server shuts down, so that it ends by itself and the app reconnects elsewhere."""
    await platform.closing.wait()
    push.hub.wake_all()
    await asyncio.sleep(LAST_WORDS)
    push.hub.cut_all()


async def deliver(platform: Platform, messages: Sequence[Message]) -> None:
    """The channel: what the kernel's engine calls."""
    await platform[PUSH].accept(messages)
