"""What goes on beside the requests: open streams are swept, what is due is published, absent phones are forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from banshi import Key, Platform
from banshi.sdk.operations import every, working
from mobile_push.broadcasts import schedule
from mobile_push.delivery.service import PUSH
from mobile_push.phones.reading.stream import sweep
from mobile_push.phones.upkeep import keep_tidy
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import lanes_of

WORK: Key[None] = Key("mobile_push's work beside the requests")


@asynccontextmanager
async def open_work(settings: PushSettings, platform: Platform) -> AsyncIterator[None]:
    """The sweeper in every process that serves; the others in those that work."""
    # The database may be away for a while; what is due then goes out late.
    publishing = partial(every, schedule.LOOK_S, partial(schedule.publish_due, platform), "the schedule can't be read")
    tidying = partial(keep_tidy, platform, settings.forget_after_days, settings.anonymous.days)
    async with (
        working("mobile-push-sweep", partial(sweep, platform[PUSH])),
        working("mobile-push-upkeep", *([tidying] if lanes_of(platform) else [])),
        working("mobile-push-schedule", *([publishing] if platform.duty.works else [])),
    ):
        yield
