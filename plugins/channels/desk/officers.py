"""Who is of a desk, as far as the platform can know: whoever has called it lately by a token with the role there.

Roles are the identity provider's, and nobody can be asked for another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import structlog

from banshi import Call, Key, Write
from desk.places import Desk
from desk.queue import name_of
from desk.tables.models import DeskOfficer

log = structlog.get_logger("desk")

#: Days for which somebody counts as of a desk where they were.
KNOWN_DAYS = 30

#: What this process has noted today: the day, desk and officer.
SEEN: Key[set[tuple[date, str, str]]] = Key("officers who were seen")


async def seen(call: Call, desks: Sequence[Desk]) -> None:
    """Note that the caller is of these desks: one row a day, desk and officer."""
    noted, today, who = call.platform[SEEN], call.platform.today(), call.principal
    fresh = [(today, desk.code, who.subject) for desk in desks if (today, desk.code, who.subject) not in noted]
    if not fresh:
        return
    rows = [DeskOfficer(desk=desk, officer=who.subject, officer_name=name_of(who), day=day) for day, desk, _ in fresh]
    try:
        await call.platform.store.commit(Write(unless_there=rows))
    except Exception as error:  # who only looks is shown it all the same
        log.warning("that an officer is at a desk could not be noted", error=type(error).__name__)
        return
    noted -= {one for one in noted if one[0] != today}
    noted.update(fresh)


async def colleague(call: Call, desk: str, officer: str) -> DeskOfficer | None:
    """That officer, where they were at the desk lately."""
    since = call.platform.today() - timedelta(days=KNOWN_DAYS)
    found = DeskOfficer.filter(desk=desk, officer=officer, day__gte=since)
    return await found.order_by("-day").first()
