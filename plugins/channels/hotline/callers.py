"""Whoever calls from a number: met once, and known again by it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from tortoise.exceptions import IntegrityError

from banshi import Platform, Principal, Stale, Update, Write
from banshi.sdk.cases import commit
from banshi.sdk.database import Asked, read
from hotline.sentences import word
from hotline.slips import SLIPS
from hotline.tables.models import HotlineCall, HotlineCaller

#: By which they reach us: of the desk's heads, of look-ups, of statistics.
CHANNEL = "hotline"
TITLE = word("Telephone")

#: A number is forgotten under which nothing is kept, a day after it was met: what is written meanwhile finds it there.
FORGOTTEN_AFTER = timedelta(days=1)


def caller_with(platform: Platform, number: str) -> Asked:
    """What is read to know whoever has that number."""
    return Asked(HotlineCaller, {"key": platform[SLIPS].hashed("caller", number)})


def as_met(
    platform: Platform, number: str, found: Sequence[HotlineCaller]
) -> tuple[HotlineCaller, HotlineCaller | Update]:
    """Whoever was found, and what of a write says that they are met. Of two who meet them at once one does."""
    if found:
        return found[0], Update(HotlineCaller, {"id": found[0].id}, {"at": platform.now()})
    new = HotlineCaller(number=number, at=platform.now(), **caller_with(platform, number).where)
    return new, new


async def met(platform: Platform, number: str) -> HotlineCaller:
    """Whoever has that number, who is there from now on."""
    while True:
        (found,) = await read(caller_with(platform, number))
        caller, is_met = as_met(platform, number, found)
        with suppress(Stale, IntegrityError):
            await commit(platform, Write(), [is_met])
            return caller


def spoken_for(call: HotlineCall | None, caller: HotlineCaller, officer: str, name: str = "") -> Principal:
    """Who begins something in a call: the citizen who has proved themselves in it, or else a caller whom nobody knows.

    What they do is on record as the operator's.
    """
    if call is not None and call.person:
        return Principal(subject=call.person, channel=CHANNEL, agent=officer, **call.known)
    return Principal(subject=caller.subject, name=name, channel=CHANNEL, agent=officer)
