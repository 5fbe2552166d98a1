"""What time does to events: an end that has passed ends them, and what nobody has touched asks whether it is so."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from banshi import Conflict, Platform
from banshi.sdk.operations import delete_in_steps
from road.changing import ended, step
from road.settings import SETTINGS
from road.tables.models import RoadEvent

#: Seconds between two rounds, and events of one.
LOOK_S, AT_ONCE = 5.0, 500


async def look(platform: Platform) -> None:
    """One round. Whoever changes an event in the same moment is first; it is looked at again in the next one."""
    now, there = platform.now(), RoadEvent.filter(state="in-force")
    for row in await there.filter(ends_at__lte=now).order_by("ends_at").limit(AT_ONCE):
        await _take(platform, row, "ended", ended(platform, row))
    for row in await there.filter(asks_at__lte=now).order_by("asks_at").limit(AT_ONCE):
        if row.asked_at is None:
            again = now + platform[SETTINGS].patience(row.kind)
            await _take(platform, row, "asked", {"asked_at": now, "asks_at": again})
        else:
            await _take(platform, row, "stale", {"is_stale": True, "asks_at": None})


async def _take(platform: Platform, row: RoadEvent, what: str, values: dict[str, object]) -> None:
    with suppress(Conflict):
        await step(platform, row, what, "", values)


async def tidy(platform: Platform) -> None:
    """Forget what has ended long ago."""
    before = platform.now() - timedelta(days=platform[SETTINGS].keep_days)
    await delete_in_steps(RoadEvent.filter(state="ended", updated_at__lt=before))
