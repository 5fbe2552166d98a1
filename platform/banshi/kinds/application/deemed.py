"""Permits that count as accepted since nobody has said in time what is missing (行政许可法 32)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

from banshi.builtin.leading.rounds import hourly, move
from banshi.foundation.keys import Key
from banshi.kernel.contract.message_templates import Value
from banshi.kernel.contract.values import Item
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import KEPT, Case, CaseEvent
from banshi.kinds.application.permits import DAYS_TO_ASK, RECEIVED, SUPPLEMENTED
from banshi.kinds.application.rules import ApplicationRules

#: Rows that one look takes on at once.
ROWS_AT_ONCE = 200


async def accept_overdue(platform: Platform) -> None:
    """Take as accepted what was received so many working days ago, and was neither accepted nor asked about."""
    # In a thread: of a large city each item is made for that, which takes a third of a second.
    permits = await asyncio.to_thread(permits_in, platform.registry)
    if not permits:
        return
    # No case that came in later can be due; which of the others are, the calendar says.
    before = platform.now() - timedelta(days=DAYS_TO_ASK)
    waiting = Case.filter(item__in=permits, state__in=[RECEIVED, SUPPLEMENTED], content=KEPT, created_at__lte=before)
    # In no order: the index of items and states finds them, where a page by id would walk through all cases there are.
    ids = await waiting.values_list("id", flat=True)
    for start in range(0, len(ids), ROWS_AT_ONCE):
        for case in await Case.filter(id__in=ids[start : start + ROWS_AT_ONCE]):
            if is_overdue(platform, await received_on(platform, case)):
                await move(platform, case.id, "deem-accepted")


def permits_in(registry: Registry) -> list[str]:
    """The codes of all items that are permits."""
    items = registry.items.with_cases()
    return [item.code for item in items if isinstance(item.details, ApplicationRules) and item.details.permit]


def is_overdue(platform: Platform, received: date) -> bool:
    """Whether the last day on which something missing can be named is over."""
    return platform.today() > _last_day(platform, received)


def answered_by(platform: Platform, received: datetime) -> dict[str, Value]:
    """What a receipt says of what came in at that moment: until when the applicant is told something."""
    return {"answered_by": _last_day(platform, received.astimezone(platform.settings.timezone).date())}


def _last_day(platform: Platform, received: date) -> date:
    return platform.calendar.deadline(received, DAYS_TO_ASK).due_on


async def deemed_since(platform: Platform, case: Case, item: Item) -> date | None:
    """The day from which on a permit counts as accepted though nobody has accepted it; None where it doesn't."""
    if not item.details.permit or case.state not in {RECEIVED, SUPPLEMENTED}:
        return None
    received = await received_on(platform, case)
    return received if is_overdue(platform, received) else None


async def received_on(platform: Platform, case: Case) -> date:
    """The city's day on which it came in, or what was asked for did."""
    moment: datetime = case.created_at
    if case.state == SUPPLEMENTED:
        last: Any = await CaseEvent.filter(case_id=case.id, action="supplement").order_by("-version").first()
        moment = last.at if last else moment
    return moment.astimezone(platform.settings.timezone).date()


KEEPER: Key[None] = Key("permits' keeper")


@asynccontextmanager
async def open_scheduler(platform: Platform) -> AsyncIterator[None]:
    """The running work of permits. Nothing is wrong while it is late: the days count from the receipt."""
    failed = "permits: what is overdue could not be accepted"
    async with hourly("banshi-permits", accept_overdue, failed, platform):
        yield
