"""What a request wants written, and how its conditional updates are carried out in a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model

from banshi.foundation.database import bulk


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


async def update(connection: BaseDBAsyncClient, updates: Sequence[Update], guard: int | None) -> Exception | None:
    """Carry out the updates of a write; of the first, where `guard` is given, it says how many rows it has changed."""
    for position, update in enumerate(updates):
        if position or guard is None:
            changed = await update.model.filter(**update.where).using_db(connection).update(**update.values)
        else:
            changed = guard
        if update.rows is not None and changed != update.rows:
            if position or changed:
                # Something of this write is changed already: the whole transaction has to go.
                raise Stale(update)
            return Stale(update)
    return None
