"""The log of events: written as they are heard, read in pages by whoever has not sent them yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.functions import Count, Max, Min
from tortoise.transactions import in_transaction

from banshi import Platform
from banshi.sdk.events import Event

from ..models import EventRow, Top
from .cloudevents import document_of

#: The one counter of events.
COUNTER = "events"

#: What stands in the document of an event of a test case, and in no other: no text of an event is free.
MADE_UP = b'"mode":"test"'

COLUMNS = "seq, event, type, department, item, client, subject, at, document"


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of the log."""

    seq: int
    id: str
    type: str
    department: str
    item: str
    #: The one client that it is for; "" for all.
    client: str
    #: What it happened to.
    subject: str
    #: Milliseconds since 1970.
    at: int
    document: bytes
    #: A step of a test case: for test clients alone. Looked up once, and not for each receiver.
    made_up: bool


async def write(platform: Platform, events: Sequence[Event], address: str, client: str = "") -> None:
    """Add events in their order. One that is there already is left as it is.

    Whoever adds some holds the counter's row until they can be read: a number never appears behind a greater one.
    """
    store = platform.store
    one, two = store.placeholders(2)
    take = (
        f"INSERT INTO webhooks_top (name, value) VALUES ({one}, {two}) "  # noqa: S608 - marks, not values
        "ON CONFLICT (name) DO UPDATE SET value = webhooks_top.value + excluded.value RETURNING value"
    )
    marks = ", ".join(store.placeholders(9))
    add = f"INSERT INTO webhooks_event ({COLUMNS}) VALUES ({marks}) ON CONFLICT (event) DO NOTHING"  # noqa: S608
    async with in_transaction() as connection:
        rows = await connection.execute_query_dict(take, [COUNTER, len(events)])
        first = int(rows[0]["value"]) - len(events) + 1
        values = [_values(first + place, event, address, client) for place, event in enumerate(events)]
        await connection.execute_many(add, values)


def _values(seq: int, event: Event, address: str, client: str) -> list[Any]:
    text = document_of(event, address).decode()
    at = int(event.at.timestamp() * 1000)
    return [seq, event.id, event.type, event.department, event.item, client, event.subject, at, text]


async def page(platform: Platform, after: int, limit: int) -> list[Logged]:
    """The next events behind a number."""
    marks = platform.store.placeholders(2)
    sql = f"SELECT {COLUMNS} FROM webhooks_event WHERE seq > {marks[0]} ORDER BY seq LIMIT {marks[1]}"  # noqa: S608
    _, rows = await platform.store.connection.execute_query(sql, [after, limit])
    return [_logged(row) for row in rows]


async def find(platform: Platform, seq: int) -> Logged | None:
    """One event; None for one that is no longer kept."""
    found = await page(platform, seq - 1, 1)
    return found[0] if found and found[0].seq == seq else None


async def top() -> int:
    """The last number that was given out."""
    row = await Top.get_or_none(name=COUNTER)
    return row.value if row else 0


async def span(begins: int, ends: int) -> tuple[int, int, int]:
    """How many events happened between two moments, with the first and the last number of them."""
    found = EventRow.filter(at__gte=begins, at__lte=ends).annotate(n=Count("seq"), first=Min("seq"), last=Max("seq"))
    row = (await found.values("n", "first", "last"))[0]
    return row["n"], row["first"] or 0, row["last"] or 0


def _logged(row: Any) -> Logged:
    seq, event, type_, department, item, client, subject, at, document = tuple(row)
    text = document.encode()
    return Logged(seq, event, type_, department, item, client, subject, at, text, MADE_UP in text)
