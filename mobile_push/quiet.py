"""Quiet hours: between which times of the day a person wants to hear of nothing but alerts."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def quiet_for(begins: int, ends: int, timezone: str, now: datetime) -> float:
    """Seconds until the quiet hours end that it is in at `now`; 0.0 outside them.

    Both times are minutes after midnight, as the clocks of that time zone show them; hours that end before they begin
    go over midnight.
    """
    local = now.astimezone(_zone(timezone))
    minute = local.hour * 60 + local.minute
    inside = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if not inside:
        return 0.0
    day = local.date() if minute < ends else local.date() + timedelta(days=1)
    end = datetime.combine(day, datetime.min.time(), _zone(timezone)).replace(hour=ends // 60, minute=ends % 60)
    return max(1.0, end.timestamp() - now.timestamp())
