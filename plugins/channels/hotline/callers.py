"""Whoever calls from a number: met once, and known again by it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from banshi import Platform, Principal, Update, Write
from hotline.slips import SLIPS
from hotline.tables.models import HotlineCall, HotlineCaller

#: By which they reach us: of the desk's heads, of look-ups, of statistics.
CHANNEL = "hotline"
TITLE = {"zh-CN": "电话", "en": "Telephone"}

#: A number is forgotten under which nothing is kept, a day after it was met: what is written meanwhile finds it there.
FORGOTTEN_AFTER = timedelta(days=1)


def caller_with(platform: Platform, number: str) -> tuple[HotlineCaller, Update]:
    """Whoever has that number, a row that may be there; and what of the same write says that they were met again."""
    identity, now = UUID(platform[SLIPS].hashed("caller", number)[:32]), platform.now()
    again = Update(HotlineCaller, {"id": identity}, {"at": now}, rows=None)
    return HotlineCaller(id=identity, number=number, at=now), again


async def met(platform: Platform, number: str) -> HotlineCaller:
    """Whoever has that number, who is there from now on."""
    caller, again = caller_with(platform, number)
    await platform.store.commit(Write([again], unless_there=[caller]))
    return caller


def spoken_for(call: HotlineCall | None, caller: HotlineCaller, officer: str, name: str = "") -> Principal:
    """Who begins something in a call: the citizen who has proved themselves in it, or else a caller whom nobody knows.

    What they do is on record as the operator's.
    """
    if call is not None and call.person:
        return Principal(subject=call.person, channel=CHANNEL, agent=officer, **call.known)
    return Principal(subject=caller.subject, name=name, channel=CHANNEL, agent=officer)
