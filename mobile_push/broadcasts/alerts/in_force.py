"""Which alerts warn of something real now: asked in SQL, so that a page is full however many others there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from banshi import Platform
from mobile_push.cap.geo.divisions import codes_over, division_prefix
from mobile_push.tables.cursor import LARGEST
from mobile_push.tables.models import Broadcast

#: What of a stored alert and its audience is asked, by dialect.
MEMBER = {"sqlite": "json_extract(cap, '$.{0}')".format, "postgres": "cap ->> '{0}'".format}
NAMES = {
    "sqlite": "json_type(audience, '$.{0}') IS NOT NULL".format,
    "postgres": "audience -> '{0}' IS NOT NULL".format,
}
DIVISIONS = {
    "sqlite": "json_each(audience, '$.divisions') AS code",
    "postgres": "jsonb_array_elements_text(audience -> 'divisions') AS code(value)",
}


async def alerts_in_force(
    platform: Platform,
    now: datetime,
    limit: int,
    *,
    before: int = LARGEST,
    division: str | None = None,
    ends: bool = False,
) -> list[Broadcast]:
    """Up to `limit` alerts in force, the newest first, of those with a smaller number than `before`.

    With a `division`, only those that may concern people there. A Cancel ends a warning and is none itself: it is left
    out unless `ends`. Raises ValueError for a division that can't be.
    """
    dialect = platform.store.dialect
    wanted = ["kind = 'alert'", "state = 'published'", f"{MEMBER[dialect]('status')} = 'Actual'"]
    if not ends:
        wanted.append(f"{MEMBER[dialect]('msg_type')} <> 'Cancel'")
    values: list[Any] = []
    if division is not None:
        within = division_prefix(division)
        values += [*codes_over(division), within, within + ":"]
        wanted.append(_concerns(dialect, platform.store.placeholders(len(values))))
    values += [now, before, limit]
    expires, number, most = platform.store.placeholders(len(values))[-3:]
    sql = (
        f"SELECT id FROM push_broadcast WHERE {' AND '.join(wanted)} AND expires_at > {expires} "  # noqa: S608 - marks, not values
        f"AND seq < {number} ORDER BY seq DESC LIMIT {most}"
    )
    rows = await platform.store.connection.execute_query_dict(sql, values)
    return await Broadcast.filter(id__in=[row["id"] for row in rows]).order_by("-seq") if rows else []


def _concerns(dialect: str, marks: Sequence[str]) -> str:
    """SQL that holds for an audience some of whom are in a division, or may be.

    The marks are for the codes that cover it, and for the bounds between which those lie that are within it. What is
    known by its shape alone, or by no place at all, is shown to all: better than to miss it.
    """
    *over, first, end = marks
    meets = f"code.value IN ({', '.join(over)}) OR (code.value >= {first} AND code.value < {end})"
    anywhere = [NAMES[dialect](name) for name in ("everyone", "polygons", "circles")]
    return (
        f"({' OR '.join(anywhere)} OR NOT {NAMES[dialect]('divisions')} "  # noqa: S608 - marks, not values
        f"OR EXISTS (SELECT 1 FROM {DIVISIONS[dialect]} WHERE {meets}))"
    )
