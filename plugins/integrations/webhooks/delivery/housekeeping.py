"""Clears away what is no longer kept: events, what became of them, and what deleted webhooks left behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from banshi import Platform
from banshi.sdk.operations import led

from ..models import DeliveryRow, EventRow, Replay, Subscription

#: Seconds between two rounds; rows that one statement deletes at most.
TIDY_EVERY_S, MAX_ROWS_DELETED = 3600.0, 500


async def tidy(platform: Platform, kept: timedelta) -> None:
    """One round."""
    before = int((platform.now() - kept).timestamp() * 1000)
    await _clear(EventRow.filter(at__lt=before), "seq")
    await _clear(DeliveryRow.filter(at__lt=before), "id")
    await Replay.filter(created_at__lt=platform.now() - kept).delete()
    for model in (Replay, DeliveryRow):
        left: Any = await model.all().distinct().values_list("subscription", flat=True)
        # Afterwards: of one that is made meanwhile nothing was found.
        there: Any = await Subscription.all().values_list("id", flat=True)
        for name in set(left) - set(there):
            await _clear(model.filter(subscription=name), "id")


async def _clear(query: Any, key: str) -> None:
    while found := await query.limit(MAX_ROWS_DELETED).values_list(key, flat=True):
        await query.model.filter(**{f"{key}__in": list(found)}).delete()


def tidying(platform: Platform, kept: timedelta) -> Callable[[], Awaitable[None]]:
    """Tidies up at start and every hour, in one process."""
    failed = "could not clear away old webhook events"
    return partial(led, platform, TIDY_EVERY_S, partial(tidy, platform, kept), failed)
