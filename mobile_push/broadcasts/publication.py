"""The moment in which a broadcast becomes public, and the one in which it is taken back.

Both give it a number in the common log, which every inbox and stream reads. The log's counter is locked until the
transaction ends, so that no reader sees a number before a smaller one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model
from tortoise.transactions import in_transaction

from banshi import Platform, Stale
from banshi.sdk.operations import present_trace
from mobile_push.audience.audience import Audience
from mobile_push.delivery.withdrawal import LANES, take_back
from mobile_push.inbox.common_log import PEOPLE
from mobile_push.inbox.standings import EVERYBODY, take_numbers
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast, FanOut

#: Makes the rows that belong to a change, from the broadcast as it is after it.
Along = Callable[[Broadcast], Sequence[Model]]


def nothing(_: Broadcast) -> Sequence[Model]:
    return ()


async def publish(
    platform: Platform,
    broadcast: Broadcast,
    providers: Collection[str],
    *,
    new: bool = False,
    along: Along = nothing,
    **changes: Any,
) -> Broadcast:
    """Make it public and plan its fan-out, in one transaction. Raises Stale if it has changed since it was read.

    A `new` one is stored first. Earlier broadcasts that it takes the place of are withdrawn in the same moment, and
    what `along` makes is written with it.
    """
    async with in_transaction() as connection:
        now = await _now(platform, connection)
        if new:
            await broadcast.save(using_db=connection, force_create=True)
        for identity in earlier_of(broadcast):
            await withdraw(platform, connection, identity, now, broadcast)
        values = {**changes, "state": "published", "seq": await next_number(platform, connection), "published_at": now}
        values["trace"] = present_trace()
        after = await _change(connection, broadcast, values)
        walks = [PEOPLE] if Audience.of(broadcast.audience).people else sorted(providers)
        lane = int(LANES[broadcast.kind])
        rows = [FanOut(broadcast_id=broadcast.id, provider=one, lane=lane) for one in walks]
        await _add(connection, [*rows, *along(after)])
    return after


async def recall(platform: Platform, broadcast: Broadcast, at: datetime, *, along: Along = nothing) -> Broadcast:
    """Take a public broadcast back: what isn't sent stays unsent, and inboxes and screens show that it was recalled."""
    async with in_transaction() as connection:
        # A new number: whoever has read it already learns of the recall.
        values = {"state": "recalled", "seq": await next_number(platform, connection), "ended_at": at}
        after = await _change(connection, broadcast, values)
        stopped = await _stop(platform, connection, broadcast.id)
        now = await _now(platform, connection)
        await take_back(platform, connection, after, "recalled", now, stopped=stopped)
        await _add(connection, along(after))
    return after


def earlier_of(broadcast: Broadcast) -> list[UUID]:
    """The broadcasts that this one takes the place of, in one order: two at once lock their rows in the same."""
    found = {UUID(str(one)) for one in broadcast.earlier or ()}
    return sorted(found | {broadcast.supersedes} if broadcast.supersedes else found)


def succeeding(earlier: Sequence[Broadcast]) -> dict[str, Any]:
    """The columns of what takes the place of these; that of the first on screens too; two people, if one had."""
    ids = [one.id for one in earlier]
    return {
        "tag": earlier[0].name if earlier else "",
        "supersedes": ids[0] if ids else None,
        "earlier": [str(one) for one in ids] if len(ids) > 1 else None,
        **({"second_person": True} if any(one.second_person for one in earlier) else {}),
    }


async def withdraw(
    platform: Platform, connection: BaseDBAsyncClient, identity: UUID, now: int, successor: Broadcast
) -> None:
    """Stop an earlier broadcast in favour of a newer one. It gets a new number, as a recalled one does."""
    # The number comes first, whoever locks rows: the counter is the one lock that all who publish wait at.
    values = {"state": "superseded", "seq": await next_number(platform, connection)}
    rows = Broadcast.filter(id=identity, state="published").using_db(connection)
    if await rows.update(**values):
        stopped = await _stop(platform, connection, identity)
        earlier = await Broadcast.get(id=identity, using_db=connection)
        await take_back(platform, connection, earlier, "superseded", now, stopped=stopped, successor=successor)


async def next_number(platform: Platform, connection: BaseDBAsyncClient) -> int:
    """The next number of the common log; the counter stays locked until the transaction ends."""
    return (await take_numbers(platform, connection, {EVERYBODY: 1}, "top"))[EVERYBODY]


async def _change(connection: BaseDBAsyncClient, broadcast: Broadcast, values: dict[str, Any]) -> Broadcast:
    guard = {"id": broadcast.id, "version": broadcast.version, "state": broadcast.state}
    values = {**values, "version": broadcast.version + 1}
    if not await Broadcast.filter(**guard).using_db(connection).update(**values):
        raise Stale(f"broadcast {broadcast.id}")
    return broadcast.update_from_dict(values)


async def _add(connection: BaseDBAsyncClient, rows: Sequence[Model]) -> None:
    groups: dict[type[Model], list[Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    for model, several in groups.items():
        await model.bulk_create(several, using_db=connection)


async def _stop(platform: Platform, connection: BaseDBAsyncClient, identity: UUID) -> bool:
    """What isn't sent of a broadcast stays unsent; whether there was anything."""
    mark = Marks(platform.store)
    key = mark(identity)
    which, stopped = f"broadcast_id = {key} AND state IN ('due', 'parked')", False
    for table in ("push_fan_out", "push_chunk"):
        # A chunk that was split off while this waited for its parent's lock is seen by the next look alone.
        while await mark.update(table, "state = 'recalled'", which, connection):
            stopped = True
    copies = f"SELECT id FROM push_inbox_message WHERE broadcast_id = {key}"  # noqa: S608
    which = f"state = 'due' AND message_id IN ({copies})"
    await mark.update("push_delivery", "state = 'dropped', code = 'recalled'", which, connection)
    return stopped


async def _now(platform: Platform, connection: BaseDBAsyncClient) -> int:
    """Milliseconds of the database's clock."""
    rows = await connection.execute_query_dict(f"SELECT {platform.store.clock} AS now")
    return int(rows[0]["now"])
