"""What one person may have at once, and who may not book online for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from banshi.contract import Item
from banshi.kinds.appointment.models import Booking
from banshi.kinds.appointment.problems import AlreadyThere, LimitReached, NoShowPause
from banshi.kinds.appointment.when import moment_in_words

if TYPE_CHECKING:
    from banshi.runtime import Platform


async def free_number(item: Item, person: str, column: str) -> int:
    """The number that the person's next appointment (`seat`) or waiting list (`turn`) bears. Raises LimitReached.

    Of two requests that get the same number one is refused by the unique key on it: so the limit holds, whatever comes
    at the same moment.
    """
    limit = item.details.per_person
    taken = Booking.filter(item=item.code, person=person, **{f"{column}__not_isnull": True})
    used: set[Any] = set(await taken.values_list(column, flat=True))
    for number in range(1, limit + 1):
        if number not in used:
            return number
    raise LimitReached(limit=limit)


async def refuse_twice(person: str, slot_id: Any) -> None:
    """Raise AlreadyThere where the person is in the slot, or waits for it."""
    if await Booking.filter(slot_id=slot_id, person=person, live=1).exists():
        raise AlreadyThere()


async def refuse_absent(platform: Platform, item: Item, person: str) -> None:
    """Raise NoShowPause for somebody who has missed so many appointments of this item that booking online pauses."""
    rules = item.details.no_shows
    if not rules.count:
        return
    now = platform.now()
    since = now - timedelta(days=rules.within_days)
    missed = Booking.filter(item=item.code, person=person, missed_at__gte=since)
    last: list[Any] = await missed.order_by("-missed_at").limit(rules.count).values_list("missed_at", flat=True)
    until = last[0] + timedelta(days=rules.blocked_days) if last else now
    if len(last) >= rules.count and now < until:
        phone = platform.registry.departments[item.department].phone
        raise NoShowPause(missed=len(last), until=moment_in_words(platform, until), phone=phone)
