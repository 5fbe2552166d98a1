"""What a vendor counts by the day or the month: spent by all processes together, by one clock, where the vendor is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.limits.models import Quota
from banshi.sdk.limits import Limit, spend, used
from banshi.testing import Door, open_door
from tests.places import TRAFFIC

BEIJING = timezone(timedelta(hours=8))

#: Three a day, where the vendor is.
THREE = Limit("forced", 3, day=BEIJING)

#: Half a second before midnight in Beijing.
EVE = datetime(2026, 11, 29, 15, 59, 59, 500_000, tzinfo=UTC)


@pytest.fixture
async def door(database: str, tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as opened:
        yield opened


def at(door: Door, moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let that be the database's time, by which they are counted."""

    async def time() -> float:
        return moment.timestamp()

    monkeypatch.setattr(door.platform.store, "time", time)


async def spent(door: Door, times: int, limit: Limit = THREE, of: str = "wx1") -> int:
    return sum(await asyncio.gather(*(spend(door.platform, of, limit) for _ in range(times))))


async def test_all_together_spend_no_more_than_there_is_and_each_account_has_its_own(door: Door) -> None:
    assert await spent(door, 10) == 3
    assert await used(door.platform, "wx1", THREE) == 3
    assert await spent(door, 10, of="wx2") == 3
    assert await spent(door, 10, Limit("articles", 4, period="%Y-%m")) == 4
    assert await used(door.platform, "wx3", THREE) == 0


async def test_a_day_turns_where_the_vendor_is(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    at(door, EVE, monkeypatch)
    assert await spent(door, 5) == 3
    at(door, EVE + timedelta(seconds=1), monkeypatch)
    assert await used(door.platform, "wx1", THREE) == 0
    assert await spent(door, 5) == 3
    assert (await Quota.get(key="wx1/forced")).period == "2026-11-30"


async def test_a_month_turns_where_the_vendor_is(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monthly = Limit("articles", 4, period="%Y-%m", day=BEIJING)
    at(door, datetime(2026, 11, 30, 15, 59, tzinfo=UTC), monkeypatch)
    assert await spent(door, 5, monthly) == 4
    at(door, datetime(2026, 11, 30, 16, 1, tzinfo=UTC), monkeypatch)
    assert await spent(door, 5, monthly) == 4


@pytest.mark.parametrize("wrong_h", [-1, 1])
async def test_a_process_whose_clock_is_an_hour_off_at_midnight_neither_begins_a_day_nor_goes_back_to_one(
    door: Door, monkeypatch: pytest.MonkeyPatch, wrong_h: int
) -> None:
    at(door, EVE, monkeypatch)
    assert await spent(door, 3) == 3
    right = door.platform.now
    monkeypatch.setattr(door.platform, "now", lambda: EVE + timedelta(hours=wrong_h))
    assert await spent(door, 3) == 0
    at(door, EVE + timedelta(seconds=1), monkeypatch)
    assert await spent(door, 2) == 2
    monkeypatch.setattr(door.platform, "now", right)
    assert await spent(door, 3) == 1


async def test_a_database_whose_clock_goes_back_over_midnight_gives_nothing_out_twice(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failover to a machine whose clock is behind: it waits until the day is there again."""
    at(door, EVE + timedelta(seconds=1), monkeypatch)
    assert await spent(door, 2) == 2
    at(door, EVE, monkeypatch)
    assert await spent(door, 5) == 0
    at(door, EVE + timedelta(seconds=1), monkeypatch)
    assert await spent(door, 5) == 1


async def test_two_that_have_to_lie_apart_do(door: Door) -> None:
    apart: Any = Limit("forced", 20, apart_s=30)
    assert [await spend(door.platform, "wx1", apart) for _ in range(2)] == [True, False]
    await Quota.all().update(spent_at=(await Quota.get()).spent_at - 30_000)
    assert await spend(door.platform, "wx1", apart)
