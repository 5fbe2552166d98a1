"""What a request wants written, and how its conditional updates are carried out in a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model

from banshi.foundation.database import bulk, sqlite
from banshi.foundation.database.failover.fates import NotBegun

#: Completes a row that is about to be written; it may be called again with the same row.
Stamp = Callable[[Any], None]


class Stale(Exception):
    """A row that the write was conditional on has changed meanwhile: that of the `Update` that it was raised with."""


@dataclass(frozen=True, slots=True)
class Update:
    """Set `values` in the rows that match `where`; the write fails as `Stale` unless exactly `rows` did."""

    model: type[Model]
    where: Mapping[str, Any]
    values: Mapping[str, Any] = field(repr=False)
    #: None: any number.
    rows: int | None = 1


@dataclass(slots=True)
class Statement:
    """A statement by hand, and the rows that it gave once it is committed."""

    sql: str
    values: Sequence[Any]
    found: Sequence[dict[str, Any]] = ()


@dataclass(slots=True)
class Write:
    """What one request wants written: all of it or nothing. The first update is the guard of the rest."""

    updates: Sequence[Update] = ()
    rows: Sequence[Model] = field(default_factory=list)
    #: Rows that are left out where there is one of their key: whoever writes the same makes no difference.
    unless_there: Sequence[Model] = ()
    #: Goes last.
    statement: Statement | None = None
    #: For whom it is, where somebody else awaits it: what they have left before it begins is not written.
    caller: asyncio.Task[Any] | None = None

    @classmethod
    def of(cls, *parts: Model | Update) -> Write:
        """What these are, updates and rows."""
        updates = [one for one in parts if isinstance(one, Update)]
        return cls(updates, [one for one in parts if isinstance(one, Model)])


@dataclass(slots=True, eq=False)
class Waiting:
    """A write and whoever waits for it."""

    write: Write
    done: asyncio.Future[None]
    #: When it came aside, by the monotonic clock; the rows that it changes, once they matter; the locks that it met.
    since: float = 0.0
    rows: frozenset[Hashable] = frozenset()
    met: int = 0

    def is_wanted(self) -> bool:
        """Whether anybody is left who asked for it; who waits for it by a task of its own is told that they aren't."""
        caller = self.write.caller
        if caller is not None and (caller.done() or caller.cancelling()):
            self.settle(NotBegun())
        return not self.done.done()

    def settle(self, failure: Exception | None) -> None:
        if self.done.done():
            return
        if failure is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)
            self.done.exception()  # a caller that left must not be reported as "exception never retrieved"


async def carry_out(
    client: Any, writes: Sequence[Write], stamps: Mapping[type[Model], Stamp], wait_ms: int
) -> list[Exception | None]:
    """All of `writes` in one transaction; the answer says which did not happen because it was stale.

    On PostgreSQL it waits for no lock for longer than `wait_ms`.
    """
    if isinstance(client, sqlite.Client) and await _at_once(client, writes, stamps):
        return [None] * len(writes)
    failures: list[Exception | None] = []
    rows: dict[type[Model], list[Model]] = {}
    unless_there: dict[type[Model], dict[Any, Model]] = {}
    async with client.writing(wait_ms) as connection:
        guarded = await guards(connection, writes)
        for write, guard in zip(writes, guarded, strict=True):
            # Whoever changes all rows of a kind, such as the passes of a case, changes those of writes before too.
            for one in write.updates:
                if one.rows is None and one.model in rows:
                    await _insert(connection, rows, stamps)
            failure = await update(connection, write.updates, guard)
            failures.append(failure)
            if failure is None:
                for row in write.rows:
                    rows.setdefault(type(row), []).append(row)
                for row in write.unless_there:
                    unless_there.setdefault(type(row), {})[row.pk] = row
        await _insert(connection, rows, stamps)
        for model, found in unless_there.items():
            # In one order, so that two processes with the same rows never wait for each other.
            ordered = [found[key] for key in sorted(found)]
            await bulk.insert(connection, model, ordered, unless_there=True)
        for write, failure in zip(writes, failures, strict=True):
            if write.statement is not None and failure is None:
                asked = write.statement
                asked.found = await connection.execute_query_dict(asked.sql, list(asked.values))
    return failures


async def _at_once(client: sqlite.Client, writes: Sequence[Write], stamps: Mapping[type[Model], Stamp]) -> bool:
    """Carry out writes of which none depends on what is there, as all submissions do; False where one does."""
    if any(write.updates or write.unless_there for write in writes):
        return False
    rows: dict[type[Model], list[Model]] = {}
    for row in (row for write in writes for row in write.rows):
        rows.setdefault(type(row), []).append(row)
    statements: list[tuple[str, Sequence[Any]]] = []
    for model in _in_order(rows, stamps):
        if (insertions := bulk.insertions(client.capabilities.dialect, model, rows[model])) is None:
            return False
        statements += insertions
    asked = [write.statement for write in writes if write.statement is not None]
    found = await client.at_once([*statements, *((one.sql, one.values) for one in asked)])
    for one, given in zip(asked, found[len(statements) :], strict=True):
        one.found = given
    return True


async def _insert(connection: Any, rows: dict[type[Model], list[Model]], stamps: Mapping[type[Model], Stamp]) -> None:
    """Insert them and forget them."""
    for model in _in_order(rows, stamps):
        await bulk.insert(connection, model, rows[model])
    rows.clear()


def _in_order(
    rows: Mapping[type[Model], Sequence[Model]], stamps: Mapping[type[Model], Stamp]
) -> Iterator[type[Model]]:
    """The models, those without a foreign key first: what others refer to has to be there. Each's rows are stamped."""
    for model in sorted(rows, key=lambda model: len(model._meta.fk_fields | model._meta.o2o_fields)):
        if stamp := stamps.get(model):
            for row in rows[model]:
                stamp(row)
        yield model


async def guards(connection: BaseDBAsyncClient, writes: Sequence[Write]) -> list[int | None]:
    """Carry out the guards that can go in one statement; how many rows each changed, None for those that remain."""
    changed: list[int | None] = [None] * len(writes)
    alike: dict[Any, dict[Any, int]] = {}
    for place, write in enumerate(writes):
        guard = write.updates[0] if write.updates else None
        if guard is not None and guard.rows == 1 and (shape := bulk.shape(guard.model, guard.where, guard.values)):
            # Of two that are about one row, the second goes by what the first made of it.
            key = bulk.key_of(guard.model, guard.where[guard.model._meta.pk_attr])
            alike.setdefault((guard.model, shape), {}).setdefault(key, place)
    for (model, shape), places in alike.items():
        if len(places) > 1:
            updates = [writes[place].updates[0] for place in places.values()]
            found = await bulk.update(connection, model, shape, [(one.where, one.values) for one in updates])
            for key, place in places.items():
                changed[place] = int(key in found)
    return changed


async def _changed(connection: BaseDBAsyncClient, update: Update) -> int:
    """How many rows it changes; what is of one key by a statement that is worded once."""
    if alike := bulk.shape(update.model, update.where, update.values):
        return len(await bulk.update(connection, update.model, alike, [(update.where, update.values)]))
    return await update.model.filter(**update.where).using_db(connection).update(**update.values)


async def update(connection: BaseDBAsyncClient, updates: Sequence[Update], guard: int | None) -> Exception | None:
    """Carry out the updates of a write; of the first, where `guard` is given, it says how many rows it has changed."""
    for position, update in enumerate(updates):
        changed = await _changed(connection, update) if position or guard is None else guard
        if update.rows is not None and changed != update.rows:
            if position or changed:
                # Something of this write is changed already: the whole transaction has to go.
                raise Stale(update)
            return Stale(update)
    return None
