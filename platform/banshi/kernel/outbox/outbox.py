"""What a transaction promised to tell the world: rows made beside the change, and how workers take and settle them.

A row is claimed under a lease of the database's own clock, so that a machine whose clock jumps neither steals nor keeps
work; a settlement shows the attempt that it belongs to, so that a worker that was thought dead can't settle what
another has taken over. Rows that keep failing are parked for an operator and never dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from uuid_utils.compat import uuid7

from banshi.foundation.database.pulse import quoted
from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Statement, Write
from banshi.foundation.encryption.fields import as_read
from banshi.foundation.errors import Unavailable
from banshi.foundation.retry import Retry
from banshi.foundation.trace_context import TRACE
from banshi.kernel.contract.items import LIVE
from banshi.kernel.contract.values import Message, Texts
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.outbox import OPEN, OutboxRow

#: Consumer of new submissions; the other consumers are `channel:<name>`.
INTAKE = "intake"

#: Topic of a `Message` to a person.
MESSAGE = "message"

#: What is kept of one; its trace stands in the row.
MESSAGE_FIELDS = tuple(field.name for field in fields(Message) if field.name != "trace")

#: Lanes by urgency.
CASE_LANE, ALERT_LANE, NOTICE_LANE = 0, 1, 2

#: The pauses between two attempts.
RETRY = Retry(1.0, 600.0, spread=1.0)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is ours until its lease ends."""

    id: str
    consumer: str
    topic: str
    payload: dict[str, Any]
    attempts: int
    #: How often it was tried since it was promised, or since an operator wished it to be tried again.
    tries: int
    #: The `traceparent` of what it was promised by; "" where nothing was traced.
    trace: str = ""


def message_rows(platform: Platform, message: Message, dedup: str) -> list[OutboxRow]:
    """The promise to give `message` to every channel, as rows for the transaction that makes it true.

    None where it is for nobody: who handed a case in without a name comes and reads it.
    """
    if not message.person:
        return []
    # By hand: `asdict` copies every value, which takes longer than all else here.
    payload = {name: value for name in MESSAGE_FIELDS if (value := getattr(message, name)) is not None}
    if message.mode == LIVE:
        # So that a server of the version before, which knows no modes, takes what is live and nothing else.
        del payload["mode"]
    return [
        OutboxRow(consumer=f"channel:{name}", topic=MESSAGE, payload=payload, lane=CASE_LANE, dedup=f"{name}:{dedup}")
        for name, channel in platform.registry.channels.items()
        if channel.is_used(platform)
    ]


def intake_row(case_id: Any, version: int) -> OutboxRow:
    """The promise to hand a submission, as of that version of its case, to its department."""
    dedup = f"{INTAKE}:{case_id}:{version}"
    return OutboxRow(consumer=INTAKE, topic="submitted", payload={"case": str(case_id)}, dedup=dedup, trace=TRACE.get())


class FromNewer(Unavailable):
    """The version after this one has promised it; the row waits for a process of that version."""

    # Not parked: while machines are upgraded one after the other, the next one to take it may know what it says.


def all_known(payload: Mapping[str, Any], names: Collection[str]) -> None:
    """Raise FromNewer where the payload says something that this version doesn't know; left out, it might matter."""
    if payload.keys() - names:
        raise FromNewer(headers={"Retry-After": "1"})


def message_of(payload: Mapping[str, Any], trace: str = "") -> Message:
    """The message in a promise, as part of the trace that made it. Raises FromNewer."""
    all_known(payload, MESSAGE_FIELDS)
    moments = {name: datetime.fromisoformat(payload[name]) for name in ("created_at", "until") if name in payload}
    return Message(**{**payload, **moments, "trace": trace})


def new_message_id() -> str:
    return str(uuid7())


def message_about(case: Case, title: Texts, body: Texts, at: datetime, state: str = "") -> Message:
    """What the citizen of a case is told of it, or of its step into `state`."""
    own: dict[str, Any] = {name: getattr(case, name) for name in ("person", "item", "number", "mode")}
    return Message(
        id=new_message_id(),
        kind="case",
        title=title,
        body=body,
        link=f"/v1/cases/{case.id}",
        case_id=str(case.id),
        state=state or case.state,
        created_at=at,
        **own,
    )


def due(store: Store, consumer: str) -> str:
    """The rows that `claim` would take, as what follows FROM."""
    return (
        f"banshi_outbox WHERE consumer = {quoted(consumer)} AND state = 'due' AND not_before <= {store.clock} "
        f"AND lease_until <= {store.clock} AND {store.not_held}"
    )


async def claim(store: Store, consumer: str, *, limit: int, lease: float) -> list[Claimed]:
    """Take up to `limit` due rows of a consumer, the urgent lanes first, for `lease` seconds."""
    marks = store.placeholders(2)
    sql = (
        f"UPDATE banshi_outbox SET attempts = attempts + 1, tries = tries + 1, "  # noqa: S608
        f"lease_until = {store.clock} + {marks[0]} WHERE id IN ("
        f"SELECT id FROM {due(store, consumer)} ORDER BY lane, id LIMIT {marks[1]} {store.skip_locked}) "
        "RETURNING id, consumer, topic, payload, attempts, tries, lane, trace"
    )
    # In the store's next transaction: of its own it would be one more sync to disk.
    claimed = Statement(sql, [int(lease * 1000), limit])
    await store.commit(Write(statement=claimed))
    rows = sorted(claimed.found, key=lambda row: (row["lane"], str(row["id"])))
    names = ("attempts", "tries", "trace")
    read = ((row, dict(as_read(OutboxRow, "payload", row["payload"]))) for row in rows)
    return [
        Claimed(str(row["id"]), row["consumer"], row["topic"], payload, *(row[name] for name in names))
        for row, payload in read
    ]


async def settle(store: Store, done: Sequence[Claimed]) -> None:
    """Mark rows as done, unless another worker has taken them over meanwhile."""
    if done:
        settled = _setting(store, done, f"state = 'done', settled_at = {store.clock}, last_error = ''")
        await store.commit(Write(statement=settled))


async def put_back(store: Store, row: Claimed, error: str, *, attempts: int) -> bool:
    """Try `row` again after a growing pause, or park it after `attempts`; True if it was parked."""
    parked = row.tries >= attempts
    await _later(store, row, error, RETRY.pause(row.tries), "state = 'parked'" if parked else "state = 'due'")
    return parked


async def postpone(store: Store, row: Claimed, error: str, wait: float) -> None:
    """Try `row` again after so many seconds, without counting: whom it is for is away, and that is not its fault."""
    await _later(store, row, error, wait, "tries = tries - 1")


async def _later(store: Store, row: Claimed, error: str, seconds: float, values: str) -> None:
    """Give `row` back until later, if it is still ours, with what is said of it."""
    wait, told, own, attempts = store.placeholders(4)
    sql = (
        f"UPDATE banshi_outbox SET {values}, lease_until = 0, not_before = {store.clock} + {wait}, "  # noqa: S608
        f"last_error = {told} WHERE id = {own} AND attempts = {attempts} AND state = 'due'"
    )
    await store.connection.execute_query(sql, [int(seconds * 1000), error[:500], row.id, row.attempts])


async def release(store: Store, rows: Sequence[Claimed]) -> None:
    """Give rows back untried, so that another worker need not wait for their lease to end."""
    if rows:
        # By itself: it is the last thing that a server does, and the store may be closing.
        freed = _setting(store, rows, "lease_until = 0, tries = tries - 1", "lease_until > 0")
        await store.connection.execute_query(freed.sql, list(freed.values))


def _setting(store: Store, rows: Sequence[Claimed], values: str, only: str = "1 = 1") -> Statement:
    """What sets `values` in those of the rows that are still ours, where `only` is true of them."""
    ours, given = store.table(("uuid", [row.id for row in rows]), ("int", [row.attempts for row in rows]))
    sql = f"UPDATE banshi_outbox SET {values} WHERE (id, attempts) IN ({ours}) AND state = 'due' AND {only}"  # noqa: S608
    return Statement(sql, given)


async def seconds_to_next(store: Store, consumer: str) -> float | None:
    """Seconds until the consumer's next row is due, negative if one is; None when there is none to claim."""
    later = "MAX" if store.dialect == "sqlite" else "GREATEST"
    sql = (
        f"SELECT MIN({later}(not_before, lease_until)) - {store.clock} AS wait FROM banshi_outbox "  # noqa: S608
        f"WHERE consumer = {store.placeholders(1)[0]} AND state = 'due' AND {store.not_held}"
    )
    rows = await store.connection.execute_query_dict(sql, [consumer])
    return None if rows[0]["wait"] is None else rows[0]["wait"] / 1000


async def still_due(store: Store, dedups: Sequence[str]) -> set[str]:
    """Of these promises those that are neither kept nor parked."""
    if not dedups:
        return set()
    marks = ", ".join(store.placeholders(len(dedups)))
    sql = f"SELECT dedup FROM banshi_outbox WHERE dedup IN ({marks}) AND state = 'due'"  # noqa: S608
    return {str(row["dedup"]) for row in await store.connection.execute_query_dict(sql, list(dedups))}


async def counts(store: Store) -> dict[tuple[str, str], int]:
    """How many rows are due and parked, by consumer: {("intake", "parked"): 2}. Their index has no others."""
    sql = f"SELECT consumer, state, COUNT(*) AS n FROM banshi_outbox WHERE ({OPEN}) GROUP BY consumer, state"  # noqa: S608
    return {(row["consumer"], row["state"]): row["n"] for row in await store.connection.execute_query_dict(sql)}


async def consumers_of(store: Store) -> list[str]:
    """Whoever has rows that are not over."""
    return sorted({consumer for consumer, _ in await counts(store)})
