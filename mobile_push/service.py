"""What lives as long as the server: the inbox's hub and one delivery loop per configured provider."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from prometheus_client import Gauge

from banshi import Key, Message, Platform
from mobile_push import inbox, upkeep
from mobile_push.delivery import Delivery, Metrics
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
    deliveries: list[Delivery] = field(default_factory=list)
    #: What browsers subscribe with; None where Web Push is not set up.
    webpush_key: str | None = None
    #: Persons who are registering a phone in this moment: one after the other, so that the limit holds.
    registering: weakref.WeakValueDictionary[str, asyncio.Lock] = field(default_factory=weakref.WeakValueDictionary)

    @property
    def providers(self) -> list[str]:
        """The providers that phones may register for."""
        pushed = {"fcm": self.settings.fcm, "webpush": self.settings.webpush}
        return [inbox.STREAM, *(name for name, settings in pushed.items() if settings)]

    async def accept(self, messages: Sequence[Message]) -> None:
        """Take messages over: when this returns they are in their inboxes, and their deliveries are planned."""
        persons = await inbox.store(self.platform, messages, self.settings.ttl)
        for person in persons:
            self.hub.wake(person)
        for delivery in self.deliveries:
            delivery.wake.set()


PUSH: Key[Push] = Key("mobile_push")


@asynccontextmanager
async def open_push(settings: PushSettings, platform: Platform) -> AsyncIterator[Push]:
    """The running service; at its end the sends under way are finished and the rest is given back."""
    push = Push(platform, settings, Hub(settings.devices))
    gauge = Gauge("banshi_push_streams", "Open streams", registry=platform.metrics)
    gauge.set_function(lambda: push.hub.open_streams)
    metrics = Metrics.of(platform)
    async with AsyncExitStack() as stack:
        if settings.fcm is not None:
            from mobile_push.fcm import FcmProvider

            provider = await stack.enter_async_context(FcmProvider(settings.fcm))
            at_once = settings.fcm.connections
            push.deliveries.append(Delivery(platform, provider, settings, metrics, at_once=at_once))
        if settings.webpush is not None:
            from mobile_push.webpush.provider import WebPushProvider

            webpush = await stack.enter_async_context(WebPushProvider(settings.webpush))
            push.webpush_key = webpush.public_key
            at_once = settings.webpush.connections
            push.deliveries.append(Delivery(platform, webpush, settings, metrics, at_once=at_once))
        tasks = [asyncio.create_task(one.run(), name="mobile-push-delivery") for one in push.deliveries]
        tasks.append(asyncio.create_task(upkeep.keep_tidy(platform, settings.forget_after_days), name="push-upkeep"))
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
