"""Pages of a query's rows: each goes on behind the last row of the page before, whatever was added meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tortoise.models import Model
from tortoise.queryset import QuerySet

from banshi.foundation.database.bulk import behind
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
        return [read(text) for read, text in zip(order.values(), cursor.split("/", len(names) - 1), strict=True)]

    if last := from_cursor(call, place):
        query = query.filter(behind(list(order), last))
    limit = limit_of(call)
    rows = await query.order_by(*order).limit(limit + 1)
    shown = rows[:limit]
    values = [getattr(shown[-1], name) for name in names] if len(rows) > limit else []
    return shown, "/".join(map(str, values)) or None
