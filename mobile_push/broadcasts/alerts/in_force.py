"""Which alerts warn of something real now: asked in SQL, so that a page is full however many others there are."""

from __future__ import annotations

from datetime import datetime

from banshi import Platform
from mobile_push.broadcasts.concerned import concerns_division, newest
from mobile_push.tables.cursor import MAX_NUMBER
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast

#: What of a stored alert is asked, by dialect.
MEMBER = {"sqlite": "json_extract(cap, '$.{0}')".format, "postgres": "cap ->> '{0}'".format}


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
        wanted.append(concerns_division(dialect, division, mark))
    wanted.append(f"expires_at > {mark(now)}")
    return await newest(mark, wanted, limit, before)
