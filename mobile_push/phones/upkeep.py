"""Forgets phones that were not seen for long: nobody is there any more, and their tokens have ended."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from tortoise.transactions import in_transaction

from banshi import Platform
from banshi.sdk.database import pages
from banshi.sdk.operations import every
from mobile_push.phones.anonymous.subjects import subject_of
from mobile_push.phones.erasure import end_deliveries, erase_device
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Address, AnonymousDevice, Device
from mobile_push.ways import DEAD, FORGET_ORPHANS, GONE

log = structlog.get_logger("mobile_push.upkeep")

#: Seconds between two rounds, and until the first at most: of several processes each begins at a time of its own.
ROUND_S = 86_400.0
FIRST_ROUND_S = 900.0

#: Phones that one step looks through, by their ids: no step is long, however many there are.
MAX_PHONES_A_STEP = 1_000

#: Before every phone's.
FIRST_ID = UUID(int=0)


async def forget_absent(platform: Platform, days: int) -> int:
    """One round; how many phones were forgotten. Several at once, or one that is cut off, do no harm."""
    before = platform.now() - timedelta(days=days)
    forgotten, last = 0, FIRST_ID
    await Address.filter(away_until=DEAD).update(away_until=0)
    while True:
        # By key and not by time: there is no index of times, which every sign of life would have to keep up.
        behind = Device.filter(id__gt=last).order_by("id")
        step = await behind.offset(MAX_PHONES_A_STEP - 1).first()
        bound = {"id__lte": step.id} if step else {}
        # What was called dead and nobody has confirmed since is tried again.
        unsure = Device.filter(id__gt=last, away_until=DEAD, **bound).exclude(token_hash__startswith=GONE)
        await unsure.update(away_until=0)
        mark = Marks(platform.store)
        until = f" AND device_id <= {mark(step.id)}" if step else ""
        await mark.change(f"{FORGET_ORPHANS} device_id > {mark(last)}{until}")
        absent = behind.filter(seen_at__lt=before, **bound)
        for device in await absent:
            forgotten += await erase_device(platform, device.id, device.person, before=before)
        if step is None:
            return forgotten
        last = step.id


async def forget_ended(platform: Platform, days: int) -> int:
    """The same of phones without a sign-in, and what is left of those that are gone."""
    before, forgotten = platform.now() - timedelta(days=days), 0
    async for step in pages(AnonymousDevice.all(), "id", size=MAX_PHONES_A_STEP):
        there = Device.filter(id__in=[row.id for row in step]).only("id", "seen_at")
        seen = {device.id: device.seen_at for device in await there}
        for one in step:
            if one.id not in seen:
                # Its token was found dead: its wishes go too, and the hash of its secret. Its id is given to no other.
                async with in_transaction() as connection:
                    await end_deliveries(platform, connection, one.id, subject_of(one.id))
            elif seen[one.id] < before:
                forgotten += await erase_device(platform, one.id, subject_of(one.id), before=before)
    return forgotten


async def keep_tidy(platform: Platform, days: int, anonymous_days: int) -> None:
    """Until cancelled: a round a day."""
    await asyncio.sleep(random.uniform(0, FIRST_ROUND_S))  # noqa: S311
    # Nothing is lost by forgetting a day later.
    await every(ROUND_S, partial(_round, platform, days, anonymous_days), "could not forget phones")


async def _round(platform: Platform, days: int, anonymous_days: int) -> None:
    if ended := await forget_ended(platform, anonymous_days):
        log.info("phones without a sign-in that were not seen for long are forgotten", phones=ended)
    if forgotten := await forget_absent(platform, days):
        log.info("phones that were not seen for long are forgotten", phones=forgotten, days=days)
