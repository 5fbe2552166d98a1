"""Limits that WeChat counts by the day or the month, spent as rows that all processes share."""

from __future__ import annotations

from dataclasses import dataclass

from banshi import Platform
from wechat.api.codes import BEIJING
from wechat.tables.models import Quota


@dataclass(frozen=True, slots=True)
class Limit:
    """One of them."""

    name: str
    most: int
    #: How the period in which it counts is written: by the day, or by the month.
    period: str = "%Y-%m-%d"
    #: Seconds that lie between two.
    apart_s: int = 0


#: Access tokens that are forced: WeChat counts 20 a day, half a minute apart.
FORCED_TOKENS = Limit("force-token", 20, apart_s=30)


async def spend(platform: Platform, account: str, limit: Limit) -> bool:
    """Spend one; False where none is left, or the last was too short a while ago."""
    store, period = platform.store, _period(platform, limit)
    marks = store.placeholders(5)
    sql = (
        f"INSERT INTO wechat_quota (key, period, used, spent_at) VALUES ({marks[0]}, {marks[1]}, 1, {store.clock}) "  # noqa: S608
        "ON CONFLICT (key) DO UPDATE SET period = excluded.period, spent_at = excluded.spent_at, "
        "used = CASE WHEN wechat_quota.period = excluded.period THEN wechat_quota.used + 1 ELSE 1 END "
        f"WHERE (wechat_quota.period <> {marks[2]} OR wechat_quota.used < {marks[3]}) "
        f"AND wechat_quota.spent_at <= excluded.spent_at - {marks[4]} RETURNING used"
    )
    values = [f"{account}/{limit.name}", period, period, limit.most, limit.apart_s * 1000]
    return bool(await store.connection.execute_query_dict(sql, values))


async def used(platform: Platform, account: str, limit: Limit) -> int:
    """How many are spent in this period."""
    row = await Quota.get_or_none(key=f"{account}/{limit.name}", period=_period(platform, limit))
    return row.used if row else 0


def _period(platform: Platform, limit: Limit) -> str:
    return platform.now().astimezone(BEIJING).strftime(limit.period)
