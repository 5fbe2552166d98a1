"""Quiet hours: how long a phone still has to be left alone. Pure arithmetic on clocks, whatever daylight saving does.

A person's hours begin the first time that their wall clock shows `from` and end the last time that it shows `until`, so
an hour that comes twice is quiet both times. Where the clock jumps over one of the two, the jump takes its place.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

DAY = timedelta(days=1)


def quiet_for(begins: int | None, ends: int | None, timezone: str, now: datetime) -> float:
    """Seconds from `now` until the quiet hours end; 0 outside them, and for somebody who has none.

    `begins` and `ends` are minutes after midnight in `timezone`, an IANA name; `now` is aware. A time zone that
    this machine doesn't know has no quiet hours: a push at a wrong time is better than none.
    """
    if begins is None or ends is None or begins == ends:
        return 0.0
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # the last for the name of a folder
        return 0.0
    quiet = now = now.astimezone(UTC)
    today = now.astimezone(zone).date()
    # Yesterday's hours may reach into today, and a jump may join two nights.
    for begun in (today - DAY, today, today + DAY):
        start, end = hours(begun, begins, ends, zone)
        if start <= quiet < end:
            quiet = end
    return (quiet - now).total_seconds()


@lru_cache(maxsize=1024)
def hours(begun: date, begins: int, ends: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The quiet hours that begin on a day, as two moments in UTC. Cached: a fan-out asks the same for thousands."""
    ended = begun if begins < ends else begun + DAY
    return _moment(begun, begins, zone, fold=0), _moment(ended, ends, zone, fold=1)


def _moment(day: date, minutes: int, zone: ZoneInfo, *, fold: int) -> datetime:
    """The first (fold 0) or last (fold 1) moment at which the clock there shows so many minutes after midnight."""
    wall = datetime.combine(day, time(minutes // 60, minutes % 60))
    moments = [wall.replace(tzinfo=zone, fold=one).astimezone(UTC) for one in (0, 1)]
    if moments[0] > moments[1]:
        # The clock never shows it (PEP 495: the folds change places in a gap): the jump is in between.
        return _jump(moments[1], moments[0], zone)
    return moments[fold]


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second between two moments at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before).total_seconds() // 2)
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == offset else (before, middle)
    return after


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """The IANA names that a person may choose: places and UTC, no old abbreviations and nothing of this machine's."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")
