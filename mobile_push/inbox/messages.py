"""The inbox: every message to a person, in order, none missing. A push only wakes the phone that then reads this."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from banshi import Message, Platform, text_in
from banshi.sdk.database import as_stored, insert, made
from mobile_push.audience.audience import NOTICE
from mobile_push.inbox import standings, undelivered
from mobile_push.inbox.facts import of_message
from mobile_push.inbox.standings import FLOOR, Standing, stored
from mobile_push.providers.for_test_cases import NO_SANDBOX, SANDBOX, SANDBOXED, Sandboxes
from mobile_push.tables.lanes import Lane
from mobile_push.tables.marks import Marks, together
from mobile_push.tables.models import Broadcast, Delivery, Device, InboxMessage, Silence
from mobile_push.ways import first_ways

#: Providers whose phones have to be woken by somebody else; the stream's phones are connected or read later.
STREAM = "stream"

#: How what wakes no phone is named in the table, beside a kind of notices: a category of messages, or a case.
CATEGORY, CASE = "category:", "case:"

#: Why a message isn't sent any more: a later one says what there is now.
REPLACED = "replaced"

#: Further than any log has come since a backup was made.
RESTORE_GAP = 1_000_000_000

#: A phone may have read further than a restored log goes. What comes next has a number that no phone has read yet.
AFTER_RESTORE = (
    (
        f"INSERT INTO push_inbox_counter (person, top) SELECT '{FLOOR}', "  # noqa: S608 - our own word and number
        f"(SELECT COALESCE(MAX(top), 0) FROM push_inbox_counter) + {RESTORE_GAP} WHERE 1 = 1 "
        "ON CONFLICT (person) DO UPDATE SET top = excluded.top"
    ),
)

#: How often messages are stored when somebody else stores some of them at the same moment. Where everything comes twice
#: at once, on PostgreSQL, three were not always enough.
MAX_TRIES = 6


#: More that has to hold of messages, as SQL with marks.
Also = Callable[[Marks], str]


def everything(_: Marks) -> str:
    return ""


async def store(
    platform: Platform,
    messages: Sequence[Message],
    ttl: int,
    *,
    broadcast: Broadcast | None = None,
    sandboxes: Sandboxes = NO_SANDBOX,
) -> set[str]:
    """Put messages into their inboxes and plan their deliveries, in one transaction; the persons who got any.

    A message that is there already is left as it is, so the same batch may come twice, even at the same moment. With a
    `broadcast` they are its copies: none are made once it is recalled, and they live as long as it does. `sandboxes`
    are where the pushes of test messages go.
    """
    for _ in range(MAX_TRIES - 1):
        try:
            return await _store(platform, messages, ttl, broadcast, sandboxes)
        except IntegrityError:
            continue
    return await _store(platform, messages, ttl, broadcast, sandboxes)


async def _store(
    platform: Platform, messages: Sequence[Message], ttl: int, broadcast: Broadcast | None, sandboxes: Sandboxes
) -> set[str]:
    known = await InboxMessage.filter(id__in=[message.id for message in messages]).values_list("id", flat=True)
    present = {str(one) for one in known}
    fresh = list({message.id: message for message in messages if message.id not in present}.values())
    if not fresh:
        return set()
    persons = sorted({message.person for message in fresh})
    devices: dict[str, list[Device]] = defaultdict(list)
    with_app = set()
    for device in await Device.filter(person__in=persons):
        with_app.add(device.person)
        if device.provider != STREAM:
            devices[device.person].append(device)
    several = [one.id for many in devices.values() for one in many if one.ways]
    ways = {kind: await first_ways(platform, kind, several) for kind in {one.kind for one in fresh} if several}
    silent: dict[str, set[str]] = defaultdict(set)
    for one in await Silence.filter(person__in=list(devices)) if devices else ():
        silent[one.person].add(one.about)
    async with in_transaction() as connection:
        if broadcast:
            # Whether it is public still. Who recalls it waits for this transaction then, and drops what it has planned.
            public = Broadcast.filter(id=broadcast.id, state="published").using_db(connection)
            if not await public.update(state="published"):
                return set()
        wanted = Counter(message.person for message in fresh)
        last = await standings.take_numbers(platform, connection, wanted, "top")
        numbers = {person: count(last[person] - more + 1) for person, more in wanted.items()}
        rows = [_row(platform, message, next(numbers[message.person]), broadcast) for message in fresh]
        await insert(connection, InboxMessage, rows)
        deliveries = [
            _delivery(message, device, ttl, broadcast, sandboxes, ways.get(message.kind, {}))
            for message, row in zip(fresh, rows, strict=True)
            if not silent[message.person] & _named(row)
            for device in devices[message.person]
        ]
        if deliveries:
            await insert(connection, Delivery, deliveries)
        await _drop(platform, connection, [UUID(one) for message in fresh for one in message.replaces or ()])
        await undelivered.tell(connection, platform, [row for row in rows if row.person not in with_app])
    if any(message.mode == "test" for message in fresh):
        sandboxes.count(one.provider for one in deliveries if one.state == SANDBOX)
    return set(persons)


async def _drop(platform: Platform, connection: BaseDBAsyncClient, replaced: Sequence[UUID]) -> None:
    """What of these messages is still on its way isn't sent."""
    if replaced:
        mark = Marks(platform.store)
        which = f"state = 'due' AND message_id IN ({mark.each(replaced)})"
        await mark.update("push_delivery", f"state = 'dropped', code = '{REPLACED}'", which, connection)


def _named(row: InboxMessage) -> set[str]:
    """By what a message is silent; nobody silences an alert."""
    own = {f"{CATEGORY}{row.category}", f"{CASE}{row.case_id}"}
    return {"case": own, "notice": {f"{NOTICE}{row.category}"}}.get(row.kind, set())


def _delivery(
    message: Message,
    device: Device,
    ttl: int,
    broadcast: Broadcast | None,
    sandboxes: Sandboxes,
    ways: Mapping[UUID, str],
) -> Delivery:
    ends = broadcast.expires_at if broadcast else message.created_at + timedelta(seconds=ttl)
    ends = min(ends, message.until) if message.until else ends
    lane = {"case": Lane.CASE, "alert": Lane.ALERT, "notice": Lane.NOTICE}[message.kind]
    delivery = Delivery(
        message_id=message.id,
        device_id=device.id,
        provider=ways.get(device.id, device.provider),
        lane=int(lane),
        expires=int(ends.timestamp() * 1000),
        trace=message.trace,
    )
    if message.mode == "test":
        # Away from the phone's own provider: to the sandbox, or to an end without any network.
        if sandbox := sandboxes.names.get(device.provider):
            delivery.provider = sandbox
        else:
            delivery.state, delivery.code = SANDBOX, SANDBOXED
            delivery.settled_at = int(message.created_at.timestamp() * 1000)
    return delivery


def _row(platform: Platform, message: Message, number: int, broadcast: Broadcast | None) -> InboxMessage:
    category, severity = of_message(platform, message, broadcast)
    return InboxMessage(
        id=UUID(message.id),
        person=message.person,
        seq=number,
        kind=message.kind,
        title=dict(message.title),
        body=dict(message.body),
        link=message.link,
        case_id=UUID(message.case_id) if message.case_id else None,
        item=message.item or "",
        number=message.number or "",
        state=message.state or "",
        category=category,
        severity=severity,
        broadcast_id=broadcast.id if broadcast else None,
        mode=message.mode,
        created_at=message.created_at,
    )


#: Of a message all that an app reads.
COLUMNS = (
    "id, seq, kind, mode, case_id, item, number, state, category, severity, title, body, link, created_at, "
    "read_at, archived_at, deleted_at"
)


async def read(platform: Platform, person: str, after: int, limit: int) -> list[InboxMessage]:
    """So many of a person's own messages behind a number, the oldest first, with those that are deleted.

    By hand: an inbox is read more often than anything else, and Tortoise takes twice as long over a page.
    """
    mark, sql = _asked(platform, person, after, limit)
    return made(InboxMessage, await mark.rows(sql))


async def read_standing(
    platform: Platform, person: str, after: int, limit: int, also: Also
) -> tuple[Standing, list[InboxMessage]]:
    """The same of messages of which more holds, and where the person stood just before."""
    names = dict(zip([person], stored([person]), strict=True))
    asked = standings.asked(platform, names), _asked(platform, person, after, limit, also)
    stands, rows = await together(platform.store, *asked)
    return standings.standings_in(names, stands)[person], made(InboxMessage, rows)


def _asked(platform: Platform, person: str, after: int, limit: int, also: Also = everything) -> tuple[Marks, str]:
    mark = Marks(platform.store)
    return mark, (
        f"SELECT {COLUMNS} FROM push_inbox_message WHERE person = {mark(as_stored(InboxMessage, 'person', person))} "  # noqa: S608
        f"AND seq > {mark(after)}{also(mark)} ORDER BY seq LIMIT {mark(limit)}"
    )


def document(platform: Platform, row: InboxMessage, language: str) -> dict[str, Any]:
    """A person's own message as the app reads it; the cursor is the reader's own."""
    about = {name: getattr(row, name) or None for name in ("item", "number", "state", "category", "severity")}
    return {
        "seq": row.seq,
        "id": str(row.id),
        "kind": row.kind,
        "mode": row.mode,
        "case": str(row.case_id) if row.case_id else None,
        **about,
        "title": text_in(row.title, language),
        "body": text_in(row.body, language),
        "link": row.link,
        "created_at": platform.moment(row.created_at),
        "read_at": platform.moment(row.read_at),
        "archived_at": platform.moment(row.archived_at),
    }
