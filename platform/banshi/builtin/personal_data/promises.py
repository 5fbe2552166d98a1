"""What was promised about a case or to a person leaves the outbox with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from banshi.foundation.database.store import Store
from banshi.kernel.tables.outbox import OutboxRow

#: Milliseconds between a step's event and what the same transaction promises at most.
MAX_APART_MS = 600_000

#: Rows that are looked through in one step.
STEP_ROWS = 2_000


async def forget_promises(store: Store, case_id: Any, events: Sequence[UUID], others: Sequence[str] = ()) -> bool:
    """Delete what was promised about a case, done or not; False where a worker has some of it in hand.

    A promise is made with a step: it bears the case's id in its `dedup`, and its own id is of the time of the event.
    `others` are the `dedup` of those that were made without one.
    """
    one, two, three = store.placeholders(3)
    beside = f"id >= {one} AND id < {two} AND dedup LIKE {three}"
    sought = [(beside, [*_around(event), f"%{case_id}%"]) for event in events]
    if others:
        sought.append((f"dedup IN ({', '.join(store.placeholders(len(others)))})", list(others)))
    left = False
    for where, values in sought:
        free = f"(state <> 'due' OR lease_until <= {store.clock})"
        rows = f"FROM banshi_outbox WHERE {where}"
        await store.connection.execute_query(f"DELETE {rows} AND {free}", values)
        left |= bool(await store.connection.execute_query_dict(f"SELECT 1 AS held {rows} LIMIT 1", values))
    return not left


def _around(event: UUID) -> list[str]:
    """The first id of what an event's transaction can have promised, and the first behind."""
    return [str(UUID(int=max(0, (event.int >> 80) + far) << 80)) for far in (-MAX_APART_MS, MAX_APART_MS)]


async def forget_messages(store: Store, person: str) -> None:
    """Delete the messages to somebody that were delivered or parked; what is still on its way arrives."""
    # No index knows whose a message is, and no statement where the payload is sealed: in steps, by the key.
    after: Any = UUID(int=0)
    over = OutboxRow.exclude(state="due")
    while rows := await over.filter(id__gt=after).order_by("id").limit(STEP_ROWS).values_list("id", "payload"):
        theirs = [identity for identity, payload in rows if payload.get("person") == person]
        if theirs:
            await over.filter(id__in=theirs).using_db(store.connection).delete()
        after = rows[-1][0]
