"""What may be done so often is counted by all processes together where they share a Redis, and goes on without it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from banshi.builtin.limits import rates as module
from banshi.builtin.limits.rates import Rates
from banshi.builtin.limits.shared_rates import SharedRates
from banshi.foundation.servers.redis_client import RedisSettings
from tests.servers import redis_servers
from tests.servers.redis_servers import Server
from tests.waiting import until, within_a_minute


@pytest.fixture(autouse=True)
async def _within_a_minute() -> None:
    await within_a_minute(5)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with redis_servers.alone(tmp_path / "redis") as server:
        yield server


@pytest.fixture
async def rates(redis: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[str], Rates]]:
    """`rates("one")`: those of a process of that name."""
    monkeypatch.setattr("banshi.builtin.limits.rates.FIRST_LOOK_S", 0.05)
    settings = RedisSettings(url=f"redis://127.0.0.1:{redis.port}", name="city")
    watching: list[asyncio.Task[None]] = []

    def made(process: str) -> Rates:
        rates = Rates(SharedRates(settings, "city:rates"), "city:rates", process)
        watching.append(asyncio.create_task(rates.watch()))
        return rates

    yield made
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)


async def taken(rates: Rates, name: str, most: int) -> int:
    """How many go through one after the other until one has to wait."""
    for count in range(10 * most):
        if await rates.wait(name, most, 60):
            return count
    return 10 * most


async def test_two_processes_get_no_more_together_than_one(rates: Callable[[str], Rates]) -> None:
    one, other = rates("one"), rates("other")
    assert await taken(one, "push.fcm", 30) == 30
    assert await taken(other, "push.fcm", 30) == 0
    assert await taken(other, "push.webpush", 30) == 30


async def test_a_process_alone_counts_for_itself() -> None:
    alone = Rates(None, "", "alone")
    assert not alone.together
    assert await taken(alone, "open311.a", 5) == 5
    assert 0 < await alone.wait("open311.a", 5, 60) <= 60
    assert await alone.sharers("open311.a") == 1


async def test_several_at_once_count_as_many(rates: Callable[[str], Rates]) -> None:
    one, other = rates("one"), rates("other")
    assert await one.wait("x", 10, 60, cost=8) == 0
    assert await other.wait("x", 10, 60, cost=3) > 0
    assert await other.wait("x", 10, 60, cost=2) == 0


async def test_the_rate_comes_back_with_time(rates: Callable[[str], Rates]) -> None:
    one = rates("one")
    while not await one.wait("x", 20, 1):
        pass

    async def again() -> bool:
        return await one.wait("x", 20, 1) == 0

    assert await until(again, 10) < 5


async def test_without_redis_it_goes_on_counting_alone_and_together_again_once_it_is_back(
    rates: Callable[[str], Rates], redis: Server
) -> None:
    one, other = rates("one"), rates("other")
    assert [await one.sharers("x"), await other.sharers("x"), await one.sharers("x")] == [1, 2, 2]
    assert await one.wait("x", 5, 60) == 0
    redis.kill()
    with capture_logs() as said:
        assert await taken(one, "x", 5) == 5
        assert await taken(one, "x", 5) == 0
        assert not one.together
        assert await one.sharers("x") == 2, "as it was last known"
        redis.begin()
        await until(lambda: one.together)
        assert await one.wait("x", 5, 60) == 0
    assert [entry["event"] for entry in said] == [
        "rates are counted by each process for itself: Redis is away",
        "rates are counted together again",
    ]


async def test_after_a_flush_nobody_takes_the_others_part_until_they_were_silent_for_a_while(
    rates: Callable[[str], Rates], redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is first to be counted anew seems to be alone, and would take all if Redis went away that moment."""
    one, other = rates("one"), rates("other")
    assert [await one.sharers("x"), await other.sharers("x"), await one.sharers("x")] == [1, 2, 2]
    await one._shared.client.flushall()  # type: ignore[union-attr]
    assert await one.sharers("x") == 2
    redis.kill()
    assert await one.wait("x", 5, 60) == 0
    assert not one.together
    assert await one.sharers("x") == 2
    redis.begin()
    await until(lambda: one.together)
    assert await one.sharers("x") == 2
    monkeypatch.setattr(module, "time", later(module.SHARER_STALE_S))
    assert await one.sharers("x") == 1


def later(seconds: float) -> SimpleNamespace:
    """The clocks as they will be then."""
    return SimpleNamespace(monotonic=lambda: time.monotonic() + seconds, time=lambda: time.time() + seconds)


async def test_a_process_whose_clock_is_an_hour_ahead_takes_nobody_for_silent(
    rates: Callable[[str], Rates], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = rates("one"), rates("other")
    assert await one.sharers("x") == 1
    right = time.time
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: right() + 3600)
        assert await other.sharers("x") == 2
    assert await one.sharers("x") == 2


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_a_redis_that_is_away_or_silent_is_not_asked_by_those_who_have_something_to_do(
    rates: Callable[[str], Rates], redis: Server, how: str
) -> None:
    one = rates("one")
    assert await one.wait("x", 10**6, 60) == 0
    assert redis.process is not None
    process = redis.process
    redis.kill() if how == "killed" else process.send_signal(19)  # SIGSTOP
    try:
        begun, longest = time.monotonic(), 0.0
        while time.monotonic() - begun < 2:
            asked = time.monotonic()
            await one.wait("x", 10**6, 60)
            await one.sharers("x")
            longest = max(longest, time.monotonic() - asked)
            await asyncio.sleep(0.01)
        assert not one.together
        # One question found out; from then on nobody waited.
        assert longest < 2
        asked = time.monotonic()
        for _ in range(100):
            await one.wait("x", 10**6, 60)
        assert time.monotonic() - asked < 1
    finally:
        if how == "stopped":
            process.send_signal(18)  # SIGCONT
            await until(lambda: one.together)


async def test_deployments_on_one_redis_count_apart(redis: Server) -> None:
    url = f"redis://127.0.0.1:{redis.port}"
    prefixes = {RedisSettings(url=url, name=name): f"{name}:rates" for name in ("city", "town")}
    city, town = (Rates(SharedRates(settings, prefix), prefix, "p") for settings, prefix in prefixes.items())
    assert await taken(city, "x", 5) == 5
    assert await taken(town, "x", 5) == 5


async def test_whoever_asks_for_its_share_again_and_again_stops_in_any_moment(rates: Callable[[str], Rates]) -> None:
    """redis-py takes some cancellations for none, where they come with an answer."""
    one = rates("one")

    async def asking() -> None:
        while True:
            await one.wait("x", 1_000_000, 1)
            await one.sharers("x")

    for number in range(200):
        task = asyncio.create_task(asking())
        await asyncio.sleep(0.02 + number % 50 / 10_000)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=10)
        assert done, f"the {number + 1}. goes on"
    assert one.together
