"""Forgets phones that were not seen for long: nobody is there any more, and their tokens have ended."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from banshi import Key, Platform
from banshi.sdk.operations import working
from mobile_push.phones.erasure import erase_device
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import lanes_of
from mobile_push.tables.models import Device

log = structlog.get_logger("mobile_push.upkeep")

#: Seconds between two rounds, and until the first at most: of several processes each begins at a time of its own.
ROUND = 86_400.0
FIRST = 900.0

#: Phones that one step looks through, by their ids: no step is long, however many there are.
STEP = 1_000

#: Before every phone's.
FIRST_ID = UUID(int=0)

UPKEEP: Key[None] = Key("upkeep of phones")


async def forget_absent(platform: Platform, days: int) -> int:
    """One round; how many phones were forgotten. Several at once, or one that is cut off, do no harm."""
    before = platform.now() - timedelta(days=days)
    forgotten, last = 0, FIRST_ID
    while True:
        # By key and not by time: there is no index of times, which every sign of life would have to keep up.
        behind = Device.filter(id__gt=last).order_by("id")
        step = await behind.offset(STEP - 1).first()
        absent = behind.filter(seen_at__lt=before, **({"id__lte": step.id} if step else {}))
        for device in await absent:
            forgotten += await erase_device(platform, device.id, device.person, before=before)
        if step is None:
            return forgotten
        last = step.id


async def keep_tidy(platform: Platform, days: int) -> None:
    """Until cancelled: a round a day."""
    await asyncio.sleep(random.uniform(0, FIRST))  # noqa: S311
    while True:
        try:
            if forgotten := await forget_absent(platform, days):
                log.info("phones that were not seen for long are forgotten", phones=forgotten, days=days)
        except Exception as error:  # nothing is lost by forgetting a day later
            log.error("could not forget phones", error=type(error).__name__)
        await asyncio.sleep(ROUND)


@asynccontextmanager
async def open_upkeep(settings: PushSettings, platform: Platform) -> AsyncIterator[None]:
    """The running upkeep, in processes that work."""
    tidying = partial(keep_tidy, platform, settings.forget_after_days)
    async with working("mobile-push-upkeep", *([tidying] if lanes_of(platform) else [])):
        yield
