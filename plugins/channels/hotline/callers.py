"""Whoever calls from a number: met once, and known again by it."""

from __future__ import annotations

from datetime import timedelta

from banshi import Platform, Principal, Update, Write
from hotline.numbers import number_of
from hotline.settings import SETTINGS
from hotline.tables.models import HotlineCall, HotlineCaller

#: By which they reach us: of the desk's heads, of look-ups, of statistics.
CHANNEL = "hotline"
TITLE = {"zh-CN": "电话", "en": "Telephone"}

#: A number is forgotten under which nothing is kept, a day after it was met: what is written meanwhile finds it there.
FORGOTTEN_AFTER, MET_ANEW = timedelta(days=1), timedelta(hours=1)


def number_in(platform: Platform, typed: str) -> str:
    """A number as it is kept; "" for a hidden one, and for none."""
    settings = platform[SETTINGS]
    return number_of(typed, settings.country, settings.area)


async def met(platform: Platform, number: str) -> HotlineCaller:
    """Whoever has that number, not forgotten within a day; of two who meet them at once both get the same."""
    now, found = platform.now(), await HotlineCaller.get_or_none(number=number)
    if found is None or found.at < now - MET_ANEW:
        again = Update(HotlineCaller, {"number": number}, {"at": now}, rows=None)
        await platform.store.commit(Write([again], unless_there=[HotlineCaller(number=number, at=now)]))
        found = await HotlineCaller.get(number=number)
    return found


def spoken_for(call: HotlineCall | None, caller: HotlineCaller, officer: str, name: str = "") -> Principal:
    """Who begins something in a call: the citizen who has proved themselves in it, or else a caller whom nobody knows.

    What they do is on record as the operator's.
    """
    if call is not None and call.person:
        return Principal(subject=call.person, channel=CHANNEL, agent=officer, **call.known)
    return Principal(subject=caller.subject, name=name, channel=CHANNEL, agent=officer)
