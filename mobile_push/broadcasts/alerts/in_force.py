"""Which alerts warn of something real now: asked in SQL, so that a page is full however many others there are."""

from __future__ import annotations

from datetime import datetime

from banshi import Platform
from mobile_push.cap.geo.divisions import codes_over, division_prefix
from mobile_push.tables.cursor import MAX_NUMBER
from mobile_push.tables.marks import Marks
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
    before: int = MAX_NUMBER,
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
    mark = Marks(platform.store)
    if division is not None:
        wanted.append(_concerns(dialect, division, mark))
    rows = await mark.rows(
        f"SELECT id FROM push_broadcast WHERE {' AND '.join(wanted)} AND expires_at > {mark(now)} "  # noqa: S608 - marks, not values
        f"AND seq < {mark(before)} ORDER BY seq DESC LIMIT {mark(limit)}"
    )
    return await Broadcast.filter(id__in=[row["id"] for row in rows]).order_by("-seq") if rows else []


def _concerns(dialect: str, division: str, mark: Marks) -> str:
    """SQL that holds for an audience some of whom are in a division, or may be.

    What is known by its shape alone, or by no place at all, is shown to all: better than to miss it.
    """
    within = division_prefix(division)
    inside = f"code.value >= {mark(within)} AND code.value < {mark(f'{within}:')}"
    meets = f"code.value IN ({mark.each(codes_over(division))}) OR ({inside})"
    anywhere = [NAMES[dialect](name) for name in ("everyone", "polygons", "circles")]
    return (
        f"({' OR '.join(anywhere)} OR NOT {NAMES[dialect]('divisions')} "  # noqa: S608 - marks, not values
        f"OR EXISTS (SELECT 1 FROM {DIVISIONS[dialect]} WHERE {meets}))"
    )
