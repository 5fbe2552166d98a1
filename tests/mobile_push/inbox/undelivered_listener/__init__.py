"""A plugin that listens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from banshi import Offer, Platform, hookimpl
from banshi.sdk.events import LISTENERS, Event, Listener


async def hear(_: Platform, __: Sequence[Event]) -> None:
    """It is enough that it was promised."""


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(LISTENERS, Listener(hear))]
