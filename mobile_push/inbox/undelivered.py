"""What no phone could show its person, told as an event: a channel may reach them in another way, such as by text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from banshi import Platform
from banshi.sdk.database import insert
from banshi.sdk.events import Event, event_rows
from mobile_push.tables.models import Delivery, InboxMessage

#: Of a live case's message: its person has no phone registered, or none took it. What an operator gave up isn't told.
UNDELIVERED = "banshi.push.undelivered"

#: States of a delivery that has not come to its phone, and won't.
LOST = ("dead", "failed", "expired")


async def tell(connection: BaseDBAsyncClient, platform: Platform, messages: Iterable[InboxMessage]) -> None:
    """Promise to tell of these messages, each once; only what concerns a live case and wasn't read anyhow."""
    told = [one for one in messages if one.kind == "case" and one.mode == "live" and one.case_id and not one.read_at]
    if rows := [row for one in told for row in event_rows(platform, _event(platform, one))]:
        await insert(connection, type(rows[0]), rows, unless_there=True)


def _event(platform: Platform, one: InboxMessage) -> Event:
    item = platform.registry.items.of(one.item)
    about: Any = {"source": "/v1/inbox", "subject": str(one.id), "department": item.department if item else ""}
    data = {"case": str(one.case_id), "message": str(one.id)}
    return Event(id=f"{one.id}-lost", type=UNDELIVERED, at=platform.now(), item=one.item, data=data, **about)


async def tell_lost(connection: BaseDBAsyncClient, platform: Platform, deliveries: Sequence[int]) -> None:
    """The same of what these deliveries were, where no other phone of the person's has it or may get it.

    In the transaction that settles them. Of two that settle a message's last ones at once the second waits for the
    first and tells: else each would leave it to the other.
    """
    lost = await Delivery.filter(id__in=deliveries).using_db(connection).values_list("message_id", flat=True)
    rows = await InboxMessage.filter(id__in={*lost}).order_by("id").using_db(connection).select_for_update()
    others = Delivery.filter(message_id__in=lost).exclude(state__in=LOST).using_db(connection)
    had = {*await others.values_list("message_id", flat=True)}
    await tell(connection, platform, [row for row in rows if row.id not in had])
