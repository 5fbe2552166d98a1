"""Whom a stored broadcast concerns, asked in SQL: a page is full however many others there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banshi import Call, InvalidParameter, Parameter
from banshi.sdk.http import from_cursor, limit_of
from mobile_push.audience import areas
from mobile_push.cap.geo.divisions import check_division, codes_over, division_prefix
from mobile_push.tables.cursor import MAX_NUMBER
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast

#: What of a stored audience is asked; each part's entries by dialect.
NAMES = "audience -> '{0}' IS NOT NULL".format
ENTRIES = {
    "sqlite": "json_each(audience, '$.{0}') AS code".format,
    "postgres": "jsonb_array_elements_text(audience -> '{0}') AS code(value)".format,
}

DIVISION = Parameter(
    "division",
    {"type": "string", "minLength": 6, "maxLength": 12},
    "A code of GB/T 2260: only what may concern people there.",
)


def division_in(query: Mapping[str, Any]) -> str | None:
    """The division that is asked for. Raises InvalidParameter for one that can't be."""
    division: str | None = query.get("division")
    if division is not None:
        try:
            check_division(division)
        except ValueError:
            raise InvalidParameter(areas.UNKNOWN, parameter="division") from None
    return division


async def page(call: Call, mark: Marks, wanted: Sequence[str]) -> tuple[list[Broadcast], str | None]:
    """The page that the caller asks for of what `newest` gives, and what the next one goes on after."""
    limit = limit_of(call)
    found = await newest(mark, wanted, limit + 1, from_cursor(call, _number) or MAX_NUMBER)
    shown = found[:limit]
    return shown, str(shown[-1].seq) if len(found) > limit else None


def _number(text: str) -> int:
    """Of a broadcast in the common log. Raises ValueError."""
    if not 0 < int(text) <= MAX_NUMBER:
        raise ValueError(text)
    return int(text)


async def newest(mark: Marks, wanted: Sequence[str], limit: int, before: int = MAX_NUMBER) -> list[Broadcast]:
    """Up to `limit` broadcasts for which that SQL holds, the newest first, of those with a number below `before`."""
    rows = await mark.rows(
        f"SELECT id FROM push_broadcast WHERE {' AND '.join(wanted)} "  # noqa: S608 - marks, not values
        f"AND seq < {mark(before)} ORDER BY seq DESC LIMIT {mark(limit)}"
    )
    return await Broadcast.filter(id__in=[row["id"] for row in rows]).order_by("-seq") if rows else []


def concerns_division(dialect: str, division: str, mark: Marks) -> str:
    """SQL that holds for an audience some of whom are in a division, or may be.

    What is known by its shape alone, or by no place at all, is shown to all: better than to miss it.
    """
    within = division_prefix(division)
    inside = f"code.value >= {mark(within)} AND code.value < {mark(f'{within}:')}"
    meets = f"code.value IN ({mark.each(codes_over(division))}) OR ({inside})"
    anywhere = [NAMES(name) for name in ("everyone", "polygons", "circles")]
    return (
        f"({' OR '.join(anywhere)} OR NOT ({NAMES('divisions')}) "  # noqa: S608 - marks, not values
        f"OR EXISTS (SELECT 1 FROM {ENTRIES[dialect]('divisions')} WHERE {meets}))"
    )
