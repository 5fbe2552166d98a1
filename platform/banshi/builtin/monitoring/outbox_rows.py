"""What an operator sees of the outbox, and may do with a row: try it again, or give it up. Never what is in it.

Every change is conditional on the state that was seen, in one statement, so that two operators at once can't both win
and nothing is taken from a worker that has it in hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from banshi.foundation.database.store import Store
from banshi.kernel.outbox.outbox import ALERT_LANE, CASE_LANE, NOTICE_LANE, consumers_of
from banshi.kernel.runtime.process_role import ALERT, CASE, NOTICE
from banshi.kernel.tables.outbox import OPEN, OutboxRow

#: What lanes are called, and how they are written.
LANES: Mapping[str, int] = {CASE: CASE_LANE, ALERT: ALERT_LANE, NOTICE: NOTICE_LANE}

#: How a row stands, and the SQL that says so: `waiting` is due or will be, `working` is with a worker at the moment.
STANDINGS = {
    "parked": "state = 'parked'",
    "waiting": "state = 'due' AND lease_until <= {clock}",
    "working": "state = 'due' AND lease_until > {clock}",
}

COLUMNS = "id, consumer, lane, state, tries, last_error, not_before, lease_until"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A row of the outbox, without what it holds."""

    id: UUID
    consumer: str
    lane: int
    #: As in the table: due, parked, done or dropped.
    state: str
    tries: int
    last_error: str
    #: Milliseconds of the database's clock: when it was read, before when it isn't tried, and until when it is leased.
    now: int
    not_before: int
    lease_until: int

    @property
    def standing(self) -> str:
        if self.state != "due":
            return self.state
        return "working" if self.lease_until > self.now else "waiting"

    @property
    def age(self) -> float:
        """Seconds since it was promised: its id is of that moment."""
        return max(0.0, (self.now - (self.id.int >> 80)) / 1000)

    def document(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "consumer": self.consumer,
            "lane": next((name for name, lane in LANES.items() if lane == self.lane), str(self.lane)),
            "state": self.standing,
            "attempts": self.tries,
            "error": self.last_error or None,
            "age": round(self.age, 1),
            "wait": max(0.0, (max(self.not_before, self.lease_until) - self.now) / 1000)
            if self.state == "due"
            else None,
        }


async def page(
    store: Store, *, standing: str = "", consumer: str = "", lane: int | None = None, limit: int
) -> list[Promise]:
    """Rows that are not done, the oldest first."""
    which = [STANDINGS[standing].format(clock=store.clock) if standing else f"({OPEN})"]
    values: list[Any] = []
    whose = await _whose(store, consumer)
    marks = iter(store.placeholders(len(whose) + 2))
    which.append(f"consumer IN ({', '.join(next(marks) for _ in whose)})")
    values += whose
    if lane is not None:
        which.append(f"lane = {next(marks)}")
        values.append(lane)
    sql = (
        f"SELECT {COLUMNS}, {store.clock} AS now FROM banshi_outbox WHERE {' AND '.join(which)} "  # noqa: S608 - marks
        f"ORDER BY id LIMIT {next(marks)}"
    )
    return _promises(await store.connection.execute_query_dict(sql, [*values, limit]))


async def find(store: Store, identity: UUID) -> Promise | None:
    """The row of that id, done or not."""
    sql = f"SELECT {COLUMNS}, {store.clock} AS now FROM banshi_outbox WHERE id = {store.placeholders(1)[0]}"  # noqa: S608
    found = _promises(await store.connection.execute_query_dict(sql, [str(identity)]))
    return found[0] if found else None


#: As if for the first time; the claim before has had its number, and what it may still write down is nothing of this.
AGAIN = {"state": "due", "not_before": 0, "lease_until": 0, "tries": 0}


async def retry(store: Store, identity: UUID) -> bool:
    """Try a parked row again; False where it isn't parked, or somebody else was quicker."""
    row = OutboxRow.filter(id=identity, state="parked").using_db(store.connection)
    return bool(await row.update(**AGAIN))


async def retry_parked(store: Store, consumer: str = "") -> int:
    """Try all parked rows again, or those of a consumer; how many."""
    whose = await _whose(store, consumer)
    return await OutboxRow.filter(state="parked", consumer__in=whose).using_db(store.connection).update(**AGAIN)


async def _whose(store: Store, consumer: str) -> list[str]:
    """That consumer, or all by name: there is no index of states alone, which each promise would have to keep up."""
    return [consumer] if consumer else await consumers_of(store) or [consumer]


async def drop(store: Store, identity: UUID, word: str) -> bool:
    """Give a row up, with a word on who did; False where a worker has it in hand, or it is over already."""
    mark = store.placeholders(2)[1]
    which = f"id = {mark} AND ({STANDINGS['parked']} OR ({STANDINGS['waiting'].format(clock=store.clock)}))"
    return bool(await _drop(store, word, which, [str(identity)]))


async def drop_before(store: Store, consumer: str, moment: int, word: str) -> int:
    """Give up what waits for a consumer and was promised before a moment, in milliseconds since 1970; how much."""
    _, whom, until = store.placeholders(3)
    which = f"consumer = {whom} AND {STANDINGS['waiting'].format(clock=store.clock)} AND id < {until}"
    return await _drop(store, word, which, [consumer, str(UUID(int=max(0, moment) << 80))])


async def _drop(store: Store, word: str, which: str, values: Sequence[Any]) -> int:
    """Give up the rows of which `which` is true, whose marks begin with the second; how many."""
    given = f"state = 'dropped', settled_at = {store.clock}, last_error = {store.placeholders(1)[0]}"
    sql = f"UPDATE banshi_outbox SET {given} WHERE {which}"  # noqa: S608 - our own words, and marks
    changed, _ = await store.connection.execute_query(sql, [word[:500], *values])
    return int(changed)


def _promises(rows: Sequence[Mapping[str, Any]]) -> list[Promise]:
    return [Promise(**{**row, "id": UUID(str(row["id"]))}) for row in rows]
