"""The deliveries to persons as a queue in the database: rows are claimed under a lease, settled, or given back.

Leases run on the database's clock. A settlement names the attempt that it belongs to, so a worker that was thought dead
can't settle what another has taken over.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Literal, NamedTuple

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from banshi import Platform
from banshi.sdk.database import as_read, quoted
from mobile_push.audience.audience import NOTICE
from mobile_push.delivery.leases import free
from mobile_push.providers.for_test_cases import SUFFIX
from mobile_push.tables.lanes import Lane, lanes_of, spans
from mobile_push.tables.models import Device
from mobile_push.ways import SECOND


class Row(NamedTuple):
    """A claimed delivery with all that sending it takes."""

    id: int
    #: The claim's number, which no other claim of the row ever has, and how often the row has been tried.
    attempts: int
    tries: int
    device: Any
    lane: int
    #: Milliseconds of the database's clock: the end of the message, and the claim.
    expires: int
    now: int
    message: Any
    kind: Literal["case", "notice", "alert"]
    link: str
    #: None, as is its language, where the phone is gone or somebody else's by now: it gets nothing more of its former
    #: owner's.
    token: str | None
    language: str
    #: How many notices the phone was sent on which day.
    notice_day: int
    had: int
    #: The person's wishes; None where nothing was wished, and for an alert, which asks nobody's.
    notices: bool | None
    quiet_from: int | None
    quiet_until: int | None
    timezone: str
    #: The `traceparent` of the message's promise.
    trace: str
    #: Whose it is, as the table has it, and the case that it is about; None for none.
    person: str
    case: Any
    #: Milliseconds of the database's clock until which the address is left alone, and how many others the phone has.
    away: int | None
    ways: int | None
    #: Of a notice its kind.
    category: str


class Settled(NamedTuple):
    """What a claimed row becomes."""

    state: str
    code: str
    provider_message: str
    #: Milliseconds from now on before which it isn't due again.
    wait: int
    #: The way that it goes by.
    provider: str
    id: int
    attempts: int


#: Rows that one statement settles at most.
MAX_SETTLED_AT_ONCE = 1000

#: What is due and free, the most urgent first, the oldest of them first.
DUE = (
    "FROM push_delivery WHERE provider = {provider} AND state = '{state}' AND lane BETWEEN {first} AND {last} "
    "AND not_before <= {clock} AND {free} AND {not_held} ORDER BY lane, id LIMIT {most}"
)
TAKE = "UPDATE push_delivery SET attempts = attempts + 1, tries = tries + 1, lease_until = {clock} + {lease} WHERE "

#: The columns of a `Row`, of claimed rows `d`.
COLUMNS = (
    "d.id, d.attempts, d.tries, d.device_id, d.lane, d.expires, {clock}, m.id, m.kind, m.link, {token}, v.language, "
    "v.notice_day, v.notices, CASE WHEN {muted} THEN FALSE ELSE p.notices END, p.quiet_from, p.quiet_until, "
    "p.timezone, d.trace, m.person, m.case_id, {away}, v.ways, m.category"
)
#: SQL that holds where a person has muted the kind of a notice `m`; of all else it looks nothing up.
MUTED = (
    "m.kind = 'notice' AND m.category <> '' AND EXISTS (SELECT 1 FROM push_silence s "  # noqa: S608 - our word
    f"WHERE s.person = m.person AND s.about = '{NOTICE}' || m.category)"
)
JOINS = (
    "JOIN push_inbox_message m ON m.id = d.message_id "
    "LEFT JOIN push_device v ON v.id = d.device_id AND v.person = m.person "
    "LEFT JOIN push_profile p ON p.person = m.person AND m.kind <> 'alert' "
)
#: An address and until when it is left alone: where it stands in the phone's row, and where beside it.
OWN = {"token": "CASE v.provider WHEN {} THEN v.token END", "away": "v.away_until"}  # nosec B105 - columns
OTHER = {
    name: f"(SELECT a.{column} FROM push_address a WHERE a.device_id = v.id AND a.provider = {{}})"  # noqa: S608
    for name, column in {"token": "token", "away": "away_until"}.items()  # nosec B105 - columns
}


class Queue(ABC):
    """The deliveries that go through one provider and are in one state; `lease` is in seconds."""

    def __init__(self, platform: Platform, provider: str, lease: float, state: str) -> None:
        self._store = store = platform.store
        self._given = [int(lease * 1000), provider]
        names = dict(zip(("lease", "provider", "first", "last", "most"), store.placeholders(5), strict=True))
        names |= {"clock": store.clock, "free": free(store.clock, lease), "not_held": store.not_held, "state": state}
        self._lanes = lanes_of(platform)
        self._take, self._due = TAKE.format(**names), DUE.format(**names)
        at = quoted(provider.removesuffix(SECOND).removesuffix(SUFFIX))
        where = {name: sql.format(at) for name, sql in (OTHER if provider.endswith(SECOND) else OWN).items()}
        self._columns = COLUMNS.format(clock=store.clock, muted=MUTED, **where)
        one, two = store.placeholders(2)
        self._give_back = (
            "UPDATE push_delivery SET lease_until = 0, tries = tries - 1 "  # noqa: S608 - marks, not values
            f"WHERE id = {one} AND attempts = {two} AND state = '{state}'"
        )

    async def claim(self, lane: Lane, limit: int) -> list[Row]:
        """Take up to `limit` due rows of that lane and the ones before it, the urgent and oldest first."""
        rows: list[Row] = []
        for first, last in spans(self._lanes, lane):
            if len(rows) < limit:
                rows += await self._claim_between(first, last, limit - len(rows))
        return [row._replace(token=as_read(Device, "token", row.token)) for row in rows]

    @abstractmethod
    async def _claim_between(self, first: int, last: int, limit: int) -> list[Row]:
        """Take up to `limit` due rows of these lanes."""

    async def settle(self, group: Sequence[Settled], connection: BaseDBAsyncClient | None = None) -> None:
        """Record what became of rows, in a transaction or by itself; one that somebody else has claimed meanwhile is
        left alone.
        """
        for start in range(0, len(group), MAX_SETTLED_AT_ONCE):
            statement = self._settling(group[start : start + MAX_SETTLED_AT_ONCE])
            await (connection or self._store.connection).execute_query(*statement)

    @abstractmethod
    def _settling(self, group: Sequence[Settled]) -> tuple[str, list[Any]]:
        """The statement that records it, and its values."""

    async def give_back(self, rows: Sequence[tuple[int, int]]) -> None:
        """Release (id, attempts) that were claimed and not tried, so that nobody waits for their leases to end."""
        if rows:
            await self._store.connection.execute_many(self._give_back, list(map(list, rows)))


class SqliteQueue(Queue):
    """All rows as one value: the database's thread lets go of the interpreter at each row that it reads or writes."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        clock = self._store.clock
        columns = self._columns.replace("d.attempts, d.tries", "d.attempts + 1, d.tries + 1")
        self._read = (
            f"SELECT json_group_array(json_array({columns})) "  # noqa: S608 - marks, not values
            f"FROM (SELECT * {self._due}) d {JOINS}"
        )
        self._claim = f"{self._take}id IN (SELECT value FROM json_each(?2))"  # noqa: S608
        said = [f"json_extract(c.value, '$[{place}]')" for place in range(len(Settled._fields))]
        state, code, message, wait, provider, identity, attempts = said
        self._settle = (
            f"UPDATE push_delivery SET state = {state}, code = {code}, provider_message = {message}, "  # noqa: S608
            f"not_before = {clock} + {wait}, lease_until = 0, settled_at = {clock}, provider = {provider} "
            "FROM json_each(?) c "
            f"WHERE push_delivery.id = {identity} AND attempts = {attempts} AND push_delivery.state = 'due'"
        )

    async def _claim_between(self, first: int, last: int, limit: int) -> list[Row]:
        async with in_transaction() as connection:
            _, found = await connection.execute_query(self._read, [*self._given, first, last, limit])
            rows = sorted(map(Row._make, orjson.loads(found[0][0])), key=attrgetter("lane", "id"))
            if rows:
                ids = orjson.dumps([row.id for row in rows]).decode()
                await connection.execute_query(self._claim, [self._given[0], ids])
        return rows

    def _settling(self, group: Sequence[Settled]) -> tuple[str, list[Any]]:
        return self._settle, [orjson.dumps(list(map(tuple, group))).decode()]


class PostgresQueue(Queue):
    """All rows in one statement: each is a message to another process."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        clock, due = self._store.clock, f"{self._due} {self._store.skip_locked}"
        # By their place in the table: a join of all claimed rows with all there are would look good to the planner.
        claim = f"{self._take}ctid = ANY(ARRAY(SELECT ctid {due})) RETURNING *"
        self._claim = f"WITH d AS ({claim}) SELECT {self._columns} FROM d {JOINS} ORDER BY d.lane, d.id"  # noqa: S608
        # What becomes of a claim is looked up by its name. Joined with the rows it could be gone through once for each:
        # the planner may believe that few are due, and thousands were settled in the time of their square.
        found = "($1::jsonb -> (d.id || ':' || d.attempts))"
        self._settle = (
            f"UPDATE push_delivery d SET state = {found} ->> 0, code = {found} ->> 1, "  # noqa: S608 - no values
            f"provider_message = {found} ->> 2, not_before = {clock} + ({found} ->> 3)::bigint, lease_until = 0, "
            f"settled_at = {clock}, provider = {found} ->> 4 "
            f"WHERE d.id = ANY($2::bigint[]) AND d.state = 'due' AND {found} IS NOT NULL"
        )

    async def _claim_between(self, first: int, last: int, limit: int) -> list[Row]:
        _, found = await self._store.connection.execute_query(self._claim, [*self._given, first, last, limit])
        return [Row._make(row) for row in found]

    def _settling(self, group: Sequence[Settled]) -> tuple[str, list[Any]]:
        said = orjson.dumps({f"{one.id}:{one.attempts}": one[:5] for one in group}).decode()
        return self._settle, [said, [one.id for one in group]]


def queue_of(platform: Platform, provider: str, lease: float, state: str = "due") -> Queue:
    """The queue of one provider, as the platform's database likes it best."""
    made = SqliteQueue if platform.store.dialect == "sqlite" else PostgresQueue
    return made(platform, provider, lease, state)
