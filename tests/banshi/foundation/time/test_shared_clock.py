"""One machine's clock jumps: what its process takes for the present time stays the database's, and so do its rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from banshi.foundation.time import shared_clock
from banshi.foundation.time.shared_clock import MAX_APART_S, SharedClock
from banshi.testing import open_door

HOUR_S = 3600.0


async def right() -> float:
    """A database whose clock is right."""
    return time.time()


def ahead(seconds: float) -> Callable[[], float]:
    return lambda: time.time() + seconds


@pytest.mark.parametrize("hours", [1, -1, 24 * 365])
async def test_a_machine_s_clock_that_jumps_moves_its_process_by_a_second_at_most(hours: int) -> None:
    clock = SharedClock()
    await clock.look(right)
    clock.machine = ahead(hours * HOUR_S)
    assert abs(clock.now().timestamp() - time.time()) < MAX_APART_S + 0.5


async def test_a_machine_s_clock_that_is_right_is_told_to_the_microsecond() -> None:
    clock = SharedClock(lambda: 1_800_000_000.123456)

    async def database() -> float:
        return 1_800_000_000.6

    await clock.look(database)
    assert clock.now().isoformat() == "2027-01-15T08:00:00.123456+00:00"


async def test_what_a_slow_database_says_of_the_time_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, begun = SharedClock(), time.time()
    await clock.look(right)
    times = iter([0.0, 2.0])
    with monkeypatch.context() as patch:
        patch.setattr(shared_clock.time, "monotonic", lambda: next(times))
        await clock.look(lambda: right())
    clock.machine = lambda: begun + HOUR_S
    assert clock.now().timestamp() < time.time() + MAX_APART_S + 0.5


async def test_a_machine_that_starts_with_its_clock_an_hour_ahead_goes_by_the_database_s(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_clock.SharedClock.__init__, "__defaults__", (ahead(HOUR_S),))
    async with open_door(tmp_path, {}, platform={"database": postgres}) as door:
        assert abs(door.platform.now().timestamp() - time.time()) < MAX_APART_S + 0.5
