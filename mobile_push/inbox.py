"""The inbox: every message to a person, in order, none missing. A push only wakes the phone that then reads this."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from banshi import Message, Platform, text_in
from mobile_push.models import Delivery, Device, InboxMessage

#: Providers whose phones have to be woken by somebody else; the stream's phones are connected or read later.
STREAM = "stream"


#: How often messages are stored anew when somebody else stored some of them at the same moment.
TRIES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """One open stream."""

    #: Ends it at once, whatever it is waiting for.
    cut: Callable[[], None]
    #: Set when there may be something to read.
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Hub:
    """Wakes the streams of a person. It carries no message: whoever is woken reads the inbox."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._listening: dict[str, list[Listener]] = defaultdict(list)

    @contextmanager
    def listening(self, person: str, cut: Callable[[], None]) -> Iterator[asyncio.Event]:
        """Listen for a person; `cut` ends the stream. One too many ends the oldest: its phone has left unnoticed."""
        listener = Listener(cut)
        self._listening[person].append(listener)
        if len(self._listening[person]) > self._most:
            self._listening[person].pop(0).cut()
        try:
            yield listener.news
        finally:
            left = [one for one in self._listening.pop(person, ()) if one is not listener]
            if left:
                self._listening[person] = left

    def wake(self, person: str) -> None:
        for listener in self._listening.get(person, ()):
            listener.news.set()

    def cut(self, person: str) -> None:
        """End a person's streams."""
        for listener in list(self._listening.get(person, ())):
            listener.cut()

    def wake_all(self) -> None:
        for listener in self._all():
            listener.news.set()

    def cut_all(self) -> None:
        for listener in self._all():
            listener.cut()

    def _all(self) -> list[Listener]:
        return [listener for listeners in self._listening.values() for listener in listeners]

    @property
    def open_streams(self) -> int:
        return sum(map(len, self._listening.values()))


async def store(platform: Platform, messages: Sequence[Message], ttl: int) -> set[str]:
    """Put messages into their inboxes and plan their deliveries, in one transaction; the persons who got any.

    A message that is there already is left as it is, so the same batch may come twice, even at the same moment.
    """
    for _ in range(TRIES - 1):
        try:
            return await _store(platform, messages, ttl)
        except IntegrityError:
            continue
    return await _store(platform, messages, ttl)


async def _store(platform: Platform, messages: Sequence[Message], ttl: int) -> set[str]:
    known = await InboxMessage.filter(id__in=[message.id for message in messages]).values_list("id", flat=True)
    present = {str(one) for one in known}
    fresh = list({message.id: message for message in messages if message.id not in present}.values())
    if not fresh:
        return set()
    persons = sorted({message.person for message in fresh})
    devices: dict[str, list[Device]] = defaultdict(list)
    for device in await Device.filter(person__in=persons).exclude(provider=STREAM):
        devices[device.person].append(device)
    async with in_transaction() as connection:
        numbers = await _take_numbers(platform, connection, Counter(message.person for message in fresh))
        rows = [_row(message, next(numbers[message.person])) for message in fresh]
        await InboxMessage.bulk_create(rows, using_db=connection)
        deliveries = [
            Delivery(
                message_id=message.id,
                device_id=device.id,
                provider=device.provider,
                expires=int((message.created_at + timedelta(seconds=ttl)).timestamp() * 1000),
            )
            for message in fresh
            for device in devices[message.person]
        ]
        if deliveries:
            await Delivery.bulk_create(deliveries, using_db=connection)
    return set(persons)


async def _take_numbers(
    platform: Platform, connection: BaseDBAsyncClient, wanted: Counter[str]
) -> dict[str, Iterator[int]]:
    """The next numbers of each person's inbox. Sorted, so that two transactions lock the rows in one order."""
    person, count = platform.store.placeholders(2)
    sql = (
        f"INSERT INTO push_inbox_counter (person, top) VALUES ({person}, {count}) "  # noqa: S608 - marks, not values
        "ON CONFLICT (person) DO UPDATE SET top = push_inbox_counter.top + excluded.top RETURNING top"
    )
    numbers = {}
    for name in sorted(wanted):
        rows = await connection.execute_query_dict(sql, [name, wanted[name]])
        top = rows[0]["top"]
        numbers[name] = iter(range(top - wanted[name] + 1, top + 1))
    return numbers


def _row(message: Message, number: int) -> InboxMessage:
    return InboxMessage(
        id=UUID(message.id),
        person=message.person,
        seq=number,
        kind=message.kind,
        title=dict(message.title),
        body=dict(message.body),
        link=message.link,
        case_id=UUID(message.case_id) if message.case_id else None,
        created_at=message.created_at,
    )


async def read(person: str, after: int, limit: int) -> list[InboxMessage]:
    """The person's messages behind a sequence number, the oldest first."""
    return await InboxMessage.filter(person=person, seq__gt=after).order_by("seq").limit(limit)


def document(platform: Platform, row: InboxMessage, language: str) -> dict[str, Any]:
    """A message as the app reads it."""
    return {
        "seq": row.seq,
        "id": str(row.id),
        "kind": row.kind,
        "title": text_in(row.title, language),
        "body": text_in(row.body, language),
        "link": row.link,
        "created_at": row.created_at.astimezone(platform.settings.timezone).isoformat(timespec="milliseconds"),
    }
