"""Pages of a query's rows: each goes on behind the last row of the page before, whatever was added meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, TypeVar

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from banshi.kernel.contract.routes import Call
from banshi.kernel.http.responses import from_cursor, limit_of

M = TypeVar("M", bound=Model)

#: Columns as `order_by` takes them, each with what reads its value from a cursor's text or raises ValueError.
Order = Mapping[str, Callable[[str], Any]]


async def page_of(call: Call, query: QuerySet[M], order: Order) -> tuple[list[M], str | None]:
    """The rows of the page that the caller asks for, and what the next page goes on after; None on the last one.

    Together the columns of `order` name one row: `{"-at": in_utc, "-id": UUID}`. Raises InvalidParameter for a cursor
    that is none.
    """
    names = [name.lstrip("-") for name in order]

    def place(cursor: str) -> list[Any]:
        values = [read(text) for read, text in zip(order.values(), cursor.split("/", len(names) - 1), strict=True)]
        # Rows are counted from 0, in columns of 64 bits.
        if any(isinstance(one, int) and not 0 <= one < 2**63 for one in values):
            raise ValueError(cursor)
        return values

    if last := from_cursor(call, place):
        query = query.filter(behind(list(order), last))
    limit = limit_of(call)
    rows = await query.order_by(*order).limit(limit + 1)
    shown = rows[:limit]
    values = [getattr(shown[-1], name) for name in names] if len(rows) > limit else []
    return shown, "/".join(map(str, values)) or None


def behind(keys: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows behind the one with these values, in the order of `keys`; a key with a minus begins with the largest."""
    name = keys[0].removeprefix("-")
    further = Q(**{f"{name}__{'gt' if keys[0] == name else 'lt'}": values[0]})
    return further | Q(Q(**{name: values[0]}), behind(keys[1:], values[1:])) if keys[1:] else further


async def pages(query: QuerySet[M], *keys: str, size: int) -> AsyncIterator[list[M]]:
    """All rows in the order of `keys`, so many at a time: each page is read when it is asked for."""
    rest = query
    while rows := await rest.order_by(*keys).limit(size):
        rest = query.filter(behind(keys, [getattr(rows[-1], key.removeprefix("-")) for key in keys]))
        yield rows
