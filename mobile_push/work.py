"""What goes on beside the requests: open streams are swept, what is due is published, absent phones are forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from banshi import Key, Platform
from banshi.sdk.database import MAX_SLEEP_S
from banshi.sdk.operations import looking_at, working
from mobile_push.broadcasts import schedule
from mobile_push.delivery.service import PUSH
from mobile_push.phones.reading.stream import sweep
from mobile_push.phones.upkeep import keep_tidy
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import lanes_of
from mobile_push.tables.models import Broadcast

WORK: Key[None] = Key("mobile_push's work beside the requests")


@asynccontextmanager
async def open_work(settings: PushSettings, platform: Platform) -> AsyncIterator[None]:
    """The sweeper in every process that serves; the others in those that work."""
    due = asyncio.Event()
    platform.store.pulse.past("scheduled broadcasts", schedule.FIRST_DUE, due.set, lambda: platform.now())
    publishing = looking_at(platform, Broadcast, MAX_SLEEP_S, schedule.publish_due, due)
    tidying = partial(keep_tidy, platform, settings.forget_after_days, settings.anonymous.days)
    async with (
        working("mobile-push-sweep", partial(sweep, platform[PUSH])),
        working("mobile-push-upkeep", *([tidying] if lanes_of(platform) else [])),
        working("mobile-push-schedule", *([publishing] if platform.duty.works else [])),
    ):
        yield
