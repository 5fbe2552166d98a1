"""What a transaction promised to tell the world: rows made beside the change, and how workers take and settle them.

A row is claimed under a lease of the database's own clock, so that a machine whose clock jumps neither steals nor keeps
work; a settlement shows the attempt that it belongs to, so that a worker that was thought dead can't settle what
another has taken over. Rows that keep failing are parked for an operator and never dropped.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from uuid_utils.compat import uuid7

from banshi.contract import Message
from banshi.models import OutboxRow

if TYPE_CHECKING:
    from banshi.runtime import Platform
    from banshi.store import Store

#: Consumer of new submissions; the other consumers are `channel:<name>`.
INTAKE = "intake"

#: Topic of a `Message` to a person.
MESSAGE = "message"

#: Lanes by urgency.
CASE_LANE, ALERT_LANE, NOTICE_LANE = 0, 1, 2

#: Longest pause between two attempts, in seconds.
LONGEST_PAUSE = 600.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours until its lease ends."""

    id: str
    consumer: str
    topic: str
    payload: dict[str, Any]
    attempts: int


def message_rows(platform: Platform, message: Message, dedup: str) -> list[OutboxRow]:
    """The promise to give `message` to every channel, as rows for the transaction that makes it true.

    None where it is for nobody: who handed a case in without a name comes and reads it.
    """
    if not message.person:
        return []
    payload = asdict(message)
    return [
        OutboxRow(consumer=f"channel:{name}", topic=MESSAGE, payload=payload, lane=CASE_LANE, dedup=f"{name}:{dedup}")
        for name in platform.registry.channels
    ]


def intake_row(case_id: Any, version: int) -> OutboxRow:
    """The promise to hand a submission, as of that version of its case, to its department."""
    dedup = f"{INTAKE}:{case_id}:{version}"
    return OutboxRow(consumer=INTAKE, topic="submitted", payload={"case": str(case_id)}, dedup=dedup)


def message_of(payload: Mapping[str, Any]) -> Message:
    return Message(**{**payload, "created_at": datetime.fromisoformat(payload["created_at"])})


def new_message_id() -> str:
    return str(uuid7())


async def claim(store: Store, consumer: str, *, limit: int, lease: float) -> list[Claimed]:
    """Take up to `limit` due rows of a consumer, the urgent lanes first, for `lease` seconds."""
    clock = store.clock
    marks = store.placeholders(3)
    sql = (
        f"UPDATE banshi_outbox SET attempts = attempts + 1, lease_until = {clock} + {marks[0]} WHERE id IN ("  # noqa: S608
        f"SELECT id FROM banshi_outbox WHERE consumer = {marks[1]} AND state = 'due' AND not_before <= {clock} "
        f"AND lease_until <= {clock} ORDER BY lane, id LIMIT {marks[2]} {store.skip_locked}) "
        "RETURNING id, consumer, topic, payload, attempts, lane"
    )
    rows = await store.connection.execute_query_dict(sql, [int(lease * 1000), consumer, limit])
    rows.sort(key=lambda row: (row["lane"], str(row["id"])))
    return [
        Claimed(str(row["id"]), row["consumer"], row["topic"], _json(row["payload"]), row["attempts"]) for row in rows
    ]


async def settle(store: Store, done: Sequence[Claimed]) -> None:
    """Mark rows as done, unless another worker has taken them over meanwhile."""
    if not done:
        return
    one, two = store.placeholders(2)
    sql = (
        f"UPDATE banshi_outbox SET state = 'done', settled_at = {store.clock}, last_error = '' "  # noqa: S608
        f"WHERE id = {one} AND attempts = {two} AND state = 'due'"
    )
    await store.connection.execute_many(sql, [[row.id, row.attempts] for row in done])


async def put_back(store: Store, row: Claimed, error: str, *, attempts: int, wait: float | None = None) -> bool:
    """Try `row` again after a growing pause with full jitter, or park it after `attempts`; True if it was parked."""
    parked = row.attempts >= attempts
    pause = wait if wait is not None else random.uniform(0, min(LONGEST_PAUSE, 0.5 * 2**row.attempts))  # noqa: S311
    clock = store.clock
    marks = store.placeholders(5)
    sql = (
        f"UPDATE banshi_outbox SET state = {marks[0]}, lease_until = 0, not_before = {clock} + {marks[1]}, "  # noqa: S608
        f"last_error = {marks[2]} WHERE id = {marks[3]} AND attempts = {marks[4]} AND state = 'due'"
    )
    values = ["parked" if parked else "due", int(pause * 1000), error[:500], row.id, row.attempts]
    await store.connection.execute_query(sql, values)
    return parked


async def postpone(store: Store, row: Claimed, error: str, wait: float) -> None:
    """Try `row` again after so many seconds, without counting: whom it is for is away, and that is not its fault."""
    marks = store.placeholders(4)
    sql = (
        f"UPDATE banshi_outbox SET attempts = attempts - 1, lease_until = 0, not_before = {store.clock} + {marks[0]}, "  # noqa: S608
        f"last_error = {marks[1]} WHERE id = {marks[2]} AND attempts = {marks[3]} AND state = 'due'"
    )
    await store.connection.execute_query(sql, [int(wait * 1000), error[:500], row.id, row.attempts])


async def release(store: Store, rows: Sequence[Claimed]) -> None:
    """Give rows back untried, so that another worker need not wait for their lease to end."""
    one, two = store.placeholders(2)
    sql = (
        "UPDATE banshi_outbox SET lease_until = 0, attempts = attempts - 1 "  # noqa: S608
        f"WHERE id = {one} AND attempts = {two} AND state = 'due'"
    )
    if rows:
        await store.connection.execute_many(sql, [[row.id, row.attempts] for row in rows])


async def seconds_to_next(store: Store, consumer: str) -> float | None:
    """Seconds until the consumer's next row is due, negative if one is; None when there is none."""
    later = "MAX" if store.dialect == "sqlite" else "GREATEST"
    sql = (
        f"SELECT MIN({later}(not_before, lease_until)) - {store.clock} AS wait FROM banshi_outbox "  # noqa: S608
        f"WHERE consumer = {store.placeholders(1)[0]} AND state = 'due'"
    )
    rows = await store.connection.execute_query_dict(sql, [consumer])
    return None if rows[0]["wait"] is None else rows[0]["wait"] / 1000


async def counts(store: Store) -> dict[tuple[str, str], int]:
    """How many rows are due and parked, by consumer: {("intake", "parked"): 2}."""
    sql = "SELECT consumer, state, COUNT(*) AS n FROM banshi_outbox WHERE state <> 'done' GROUP BY consumer, state"
    rows = await store.connection.execute_query_dict(sql)
    return {(row["consumer"], row["state"]): row["n"] for row in rows}


def _json(value: Any) -> dict[str, Any]:
    parsed = orjson.loads(value) if isinstance(value, str | bytes) else value
    return dict(parsed)
