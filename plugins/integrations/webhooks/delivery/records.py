"""What became of deliveries, in the database: read when a receiver is taken over, written in groups for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.transactions import in_transaction

from banshi import Platform

from ..models import DeliveryRow, Subscription
from .standing import COLUMNS

#: The columns of a delivery.
DELIVERY = (
    *("subscription", "seq", "last_seq", "events", "event", "subject", "state"),
    *("tries", "next_at", "since", "at", "status", "code", "took"),
)

#: Those that a later try changes.
CHANGED = tuple(name for name in DELIVERY if name not in {"subscription", "seq"})

#: What a batch's row has for a subject.
BATCH = ""

#: Deliveries that wait and are read at once: as many as a receiver has in memory, and some more.
MAX_WAITING_READ = 2000


@dataclass(frozen=True, slots=True)
class Taken:
    """What one receiver wants recorded."""

    subscription: UUID
    term: int
    #: Of what its client changes, as it is known here.
    version: int
    #: As `DELIVERY`.
    rows: list[tuple[Any, ...]]
    position: int
    #: As `standing.COLUMNS`.
    standing: tuple[Any, ...]
    #: State and reason.
    ending: tuple[str, str]
    #: Position and state of replays, and their ids.
    walks: list[tuple[Any, ...]]

    @property
    def lease(self) -> tuple[UUID, int]:
        return self.subscription, self.term


async def waiting(subscription: UUID) -> Sequence[DeliveryRow]:
    """What waits to be tried again, the oldest first."""
    return await DeliveryRow.filter(subscription=subscription, state="waiting").order_by("seq").limit(MAX_WAITING_READ)


async def forget_batches(subscription: UUID, position: int) -> None:
    """Forget which batches wait behind a position: their events are read again, each in the order of its case."""
    await DeliveryRow.filter(subscription=subscription, state="waiting", subject=BATCH, seq__gt=position).delete()


async def known(subscription: UUID, position: int) -> set[int]:
    """Numbers behind a position of which it is recorded what became of them."""
    found: Any = await DeliveryRow.filter(subscription=subscription, seq__gt=position).values_list("seq", flat=True)
    return set(found)


async def unwind(subscription: UUID, term: int) -> int | None:
    """Forget what waits, and go back before what waits one by one; its first number, None where nothing does.

    All at once, and under this lease alone: who is killed in between would have gone past what nobody sends.
    """
    async with in_transaction() as connection:
        own = Subscription.filter(id=subscription, term=term).using_db(connection)
        row = await own.select_for_update().first()
        if row is None:
            return None
        waiting = DeliveryRow.filter(subscription=subscription, state="waiting").using_db(connection)
        # A batch is sent again anyway: its walk is not past it.
        first = await waiting.exclude(subject=BATCH).order_by("seq").first()
        if first is not None:
            await own.update(position=min(row.position, first.seq - 1))
        await waiting.delete()
    return None if first is None else int(first.seq)


async def record(platform: Platform, taken: Sequence[Taken]) -> set[tuple[UUID, int]]:
    """Write all of it in one transaction; the leases that have ended by now, under which nothing was."""
    store = platform.store
    names = sorted({str(one.subscription) for one in taken})
    marks = ", ".join(store.placeholders(len(names)))
    locked = "" if store.dialect == "sqlite" else "FOR UPDATE"
    columns = ", ".join(("id", "term", "version", *COLUMNS))
    position, state, which = store.placeholders(3)
    replays = f"UPDATE webhooks_replay SET position = {position}, state = {state} WHERE id = {which}"  # noqa: S608
    look = f"SELECT {columns} FROM webhooks_subscription WHERE id IN ({marks}) ORDER BY id {locked}"  # noqa: S608
    async with in_transaction() as connection:
        found = await connection.execute_query_dict(look, names)
        rows = {(UUID(str(row["id"])), int(row["term"])): row for row in found}
        right = [one for one in taken if one.lease in rows]
        for sql, values in (
            (_deliveries(platform), [row for one in right for row in one.rows]),
            (_subscriptions(platform), [_own(one, rows[one.lease]) for one in right]),
            (replays, [row for one in right for row in one.walks]),
        ):
            if values:
                await connection.execute_many(sql, [list(row) for row in values])
    return {one.lease for one in taken} - set(rows)


def _deliveries(platform: Platform) -> str:
    marks = ", ".join(platform.store.placeholders(len(DELIVERY)))
    changed = ", ".join(f"{name} = excluded.{name}" for name in CHANGED)
    return (
        f"INSERT INTO webhooks_delivery ({', '.join(DELIVERY)}) VALUES ({marks}) "  # noqa: S608 - names and marks
        f"ON CONFLICT (subscription, seq) DO UPDATE SET {changed}"
    )


def _own(one: Taken, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What its client has changed or resumed meanwhile has no failures of before, and doesn't end for them."""
    if row["version"] != one.version:
        return (one.position, *(row[name] for name in COLUMNS), "active", "", str(one.subscription))
    return (one.position, *one.standing, *one.ending, str(one.subscription))


def _subscriptions(platform: Platform) -> str:
    names = ("position", *COLUMNS)
    marks = platform.store.placeholders(len(names) + 3)
    values = ", ".join(f"{name} = {mark}" for name, mark in zip(names, marks, strict=False))
    state, reason, which = marks[len(names) :]
    # What its client has paused meanwhile stays so.
    ending = ", ".join(
        f"{name} = CASE WHEN state = 'active' THEN {mark} ELSE {name} END"
        for name, mark in (("state", state), ("reason", reason))
    )
    return f"UPDATE webhooks_subscription SET {values}, {ending} WHERE id = {which}"  # noqa: S608
