"""Limits that a vendor counts by the day or the month, spent as rows that all processes share.

Which day it is says the database's clock, where the vendor is: a process whose own clock is wrong by an hour begins no
day before its time, and goes back to none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from banshi.builtin.limits.models import Quota
from banshi.kernel.runtime.running import Platform


@dataclass(frozen=True, slots=True)
class Limit:
    """How many of something a vendor takes in a day or a month."""

    name: str
    most: int
    #: How the period that it counts by is written, the year first: a day, or a month. And where its day ends.
    period: str = "%Y-%m-%d"
    day: tzinfo = UTC
    #: Seconds that lie between two.
    apart_s: int = 0


async def spend(platform: Platform, of: str, limit: Limit) -> bool:
    """Spend one of what an account has; False where none is left, or the last was too short a while ago."""
    store, now = platform.store, "banshi_quota.period = excluded.period"
    marks = store.placeholders(4)
    sql = (
        f"INSERT INTO banshi_quota (key, period, used, spent_at) VALUES ({marks[0]}, {marks[1]}, 1, {store.clock}) "  # noqa: S608
        "ON CONFLICT (key) DO UPDATE SET period = excluded.period, spent_at = excluded.spent_at, "
        f"used = CASE WHEN {now} THEN banshi_quota.used + 1 ELSE 1 END "
        f"WHERE (banshi_quota.period < excluded.period OR {now} AND banshi_quota.used < {marks[2]}) "
        f"AND banshi_quota.spent_at <= excluded.spent_at - {marks[3]} RETURNING used"
    )
    values = [f"{of}/{limit.name}", await _period(platform, limit), limit.most, limit.apart_s * 1000]
    return bool(await store.connection.execute_query_dict(sql, values))


async def used(platform: Platform, of: str, limit: Limit) -> int:
    """How many are spent in this period."""
    row = await Quota.get_or_none(key=f"{of}/{limit.name}", period=await _period(platform, limit))
    return row.used if row else 0


async def _period(platform: Platform, limit: Limit) -> str:
    return datetime.fromtimestamp(await platform.store.time(), limit.day).strftime(limit.period)
