"""The inbox: every message to a person, in order, none missing. A push only wakes the phone that then reads this."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from banshi import Message, Platform, text_in
from mobile_push.broadcasts.audience import Listener, Place
from mobile_push.delivery.lanes import Lane
from mobile_push.models import Broadcast, Delivery, Device, InboxMessage

#: Providers whose phones have to be woken by somebody else; the stream's phones are connected or read later.
STREAM = "stream"

#: How often messages are stored anew when somebody else stored some of them at the same moment.
TRIES = 3


async def store(
    platform: Platform, messages: Sequence[Message], ttl: int, *, broadcast: Broadcast | None = None
) -> set[str]:
    """Put messages into their inboxes and plan their deliveries, in one transaction; the persons who got any.

    A message that is there already is left as it is, so the same batch may come twice, even at the same moment. With a
    `broadcast` they are its copies, and live as long as it does.
    """
    for _ in range(TRIES - 1):
        try:
            return await _store(platform, messages, ttl, broadcast)
        except IntegrityError:
            continue
    return await _store(platform, messages, ttl, broadcast)


async def _store(platform: Platform, messages: Sequence[Message], ttl: int, broadcast: Broadcast | None) -> set[str]:
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
        rows = [_row(message, next(numbers[message.person]), broadcast) for message in fresh]
        await InboxMessage.bulk_create(rows, using_db=connection)
        deliveries = [
            _delivery(message, device, ttl, broadcast) for message in fresh for device in devices[message.person]
        ]
        if deliveries:
            await Delivery.bulk_create(deliveries, using_db=connection)
    return set(persons)


def _delivery(message: Message, device: Device, ttl: int, broadcast: Broadcast | None) -> Delivery:
    ends = broadcast.expires_at if broadcast else message.created_at + timedelta(seconds=ttl)
    lane = {"case": Lane.CASE, "alert": Lane.ALERT, "notice": Lane.NOTICE}[message.kind]
    return Delivery(
        message_id=message.id,
        device_id=device.id,
        provider=device.provider,
        lane=int(lane),
        expires=int(ends.timestamp() * 1000),
    )


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


def _row(message: Message, number: int, broadcast: Broadcast | None) -> InboxMessage:
    return InboxMessage(
        id=UUID(message.id),
        person=message.person,
        seq=number,
        kind=message.kind,
        title=dict(message.title),
        body=dict(message.body),
        link=message.link,
        case_id=UUID(message.case_id) if message.case_id else None,
        broadcast_id=broadcast.id if broadcast else None,
        created_at=message.created_at,
    )


async def read(person: str, after: int, limit: int) -> list[InboxMessage]:
    """The person's own messages behind a sequence number, the oldest first."""
    return await InboxMessage.filter(person=person, seq__gt=after).order_by("seq").limit(limit)


async def tops(platform: Platform, persons: Sequence[str]) -> dict[str, int]:
    """The last number of each of these persons' own logs; those without one are left out."""
    if not persons:
        return {}
    marks = ", ".join(platform.store.placeholders(len(persons)))
    sql = f"SELECT person, top FROM push_inbox_counter WHERE person IN ({marks})"  # noqa: S608 - marks, not values
    return {row["person"]: row["top"] for row in await platform.store.connection.execute_query_dict(sql, list(persons))}


async def listener_of(platform: Platform, person: str) -> Listener:
    """What of a person decides which broadcasts are theirs: whom they follow, and where their phones are at home."""
    one, two = platform.store.placeholders(2)
    sql = (
        f"SELECT topic, '' AS division, NULL AS latitude, NULL AS longitude FROM push_follow WHERE person = {one} "  # noqa: S608
        "UNION ALL SELECT '', division, latitude, longitude FROM push_device "
        f"WHERE person = {two} AND (division <> '' OR latitude IS NOT NULL)"
    )
    rows = await platform.store.connection.execute_query_dict(sql, [person, person])
    if not rows:
        return NOWHERE
    return Listener(
        frozenset(row["topic"] for row in rows if row["topic"]),
        tuple(Place(row["division"], row["latitude"], row["longitude"]) for row in rows if not row["topic"]),
    )


#: Somebody who follows nothing and says nowhere where they are: most people.
NOWHERE = Listener()


def document(platform: Platform, row: InboxMessage, language: str) -> dict[str, Any]:
    """A person's own message as the app reads it; the cursor is the reader's own."""
    return {
        "seq": row.seq,
        "id": str(row.id),
        "kind": row.kind,
        "title": text_in(row.title, language),
        "body": text_in(row.body, language),
        "link": row.link,
        "created_at": row.created_at.astimezone(platform.settings.timezone).isoformat(timespec="milliseconds"),
    }
