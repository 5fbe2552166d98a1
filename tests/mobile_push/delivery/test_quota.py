"""Several workers keep to one quota of a provider together, and lose nothing where Redis goes away."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from banshi.builtin.limits import rates
from banshi.builtin.limits.rates import Rates
from banshi.builtin.limits.shared_rates import SharedRates
from banshi.foundation.servers.redis_client import RedisSettings
from banshi.sdk.operations import ProcessRole
from banshi.testing import Door
from mobile_push.delivery.pace import Pace
from mobile_push.delivery.quota import Quota
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.lanes import ALERT_SHARE, Lane
from tests.mobile_push.conftest import OpenPush
from tests.mobile_push.delivery.fan_out import broadcast, phones, publish
from tests.servers import redis_servers
from tests.servers.redis_servers import Server
from tests.waiting import until, within_a_minute

#: Messages a minute, and phones: some seconds' work.
PER_MINUTE, PHONES = 6000, 400

#: What a window of one second may have more: the sliding count is an estimate, and what was taken is sent later.
TOLERANCE = 1.35


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with redis_servers.alone(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is busy enough Redis counts for away, and each then sends its own part."""
    monkeypatch.setattr(rates, "REDIS_TIMEOUT_S", 30.0)


def most_in_a_second(sandbox: FcmSandbox) -> int:
    times = sorted(one.arrived for one in sandbox.received)
    return max(sum(1 for at in times[place:] if at < begun + 1) for place, begun in enumerate(times))


async def begun(door: Door) -> list[str]:
    tokens = await phones(door, PHONES)
    await publish(door, await broadcast(door))
    return tokens


def sent(sandbox: FcmSandbox) -> list[str]:
    return sorted(one.token for one in sandbox.received)


async def test_two_workers_together_send_no_faster_than_the_quota(
    open_push: OpenPush, postgres: str, redis: Server, sandbox: FcmSandbox
) -> None:
    shared = {"database": postgres, "redis": f"redis://127.0.0.1:{redis.port}", "fcm": {"per_minute": PER_MINUTE}}
    async with open_push(**shared), open_push(**shared, duty=ProcessRole(serves=False)) as worker:
        tokens = await begun(worker)
        await until(lambda: len(sandbox.received) >= PHONES, 60)
        assert sent(sandbox) == tokens
        assert most_in_a_second(sandbox) <= PER_MINUTE / 60 * TOLERANCE
        times = [one.arrived for one in sandbox.received]
        assert max(times) - min(times) < 4 * PHONES / (PER_MINUTE / 60), "and not much slower either"


async def test_when_redis_goes_away_and_comes_back_every_message_still_goes_out_once(
    open_push: OpenPush, postgres: str, redis: Server, sandbox: FcmSandbox
) -> None:
    shared = {"database": postgres, "redis": f"redis://127.0.0.1:{redis.port}", "fcm": {"per_minute": PER_MINUTE}}
    async with open_push(**shared), open_push(**shared, duty=ProcessRole(serves=False)) as worker:
        tokens = await begun(worker)
        await until(lambda: len(sandbox.received) >= PHONES / 8, 60)
        redis.kill()
        await until(lambda: len(sandbox.received) >= PHONES / 2, 60)
        redis.begin()
        await until(lambda: len(sandbox.received) >= PHONES, 60)
        await asyncio.sleep(0.1)
        assert sent(sandbox) == tokens


async def test_a_quota_of_a_few_a_minute_is_shared_as_well(redis: Server, patient: None) -> None:
    settings = RedisSettings(url=f"redis://127.0.0.1:{redis.port}", name="city")
    await within_a_minute(5)
    given, tasks, paces = 0, [], [Pace(6 / 60, 10**9) for _ in range(2)]
    for pace in paces:
        counts = Rates(SharedRates(settings, "city:rates"), "city:rates", str(id(pace)))
        tasks.append(asyncio.create_task(Quota(counts, "fcm", pace, lambda: None).run()))
    ends = time.monotonic() + 2
    while time.monotonic() < ends:
        for pace in paces:
            assert pace.others is not None
            given, pace.others.left = given + pace.others.left, 0
            pace.others.wanted.set()
        await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert 0 < given <= 6


async def test_an_alert_has_its_share_whatever_other_processes_send(redis: Server, patient: None) -> None:
    settings = RedisSettings(url=f"redis://127.0.0.1:{redis.port}", name="city")
    per_second, counted, tasks = 1000, Counter[Lane](), []

    async def send(lane: Lane) -> None:
        pace = Pace(float(per_second), 10**9)
        counts = Rates(SharedRates(settings, "city:rates"), "city:rates", str(id(pace)))
        tasks.append(asyncio.create_task(Quota(counts, "fcm", pace, lambda: None).run()))
        while True:
            while not pace.take(lane):
                pace.left(lane)
                counted[lane] += 1
            await asyncio.sleep(0.005)

    tasks += [asyncio.create_task(send(Lane.NOTICE)) for _ in range(3)]
    await asyncio.sleep(2)
    before, since = counted[Lane.NOTICE], time.monotonic()
    assert before > 0
    tasks.append(asyncio.create_task(send(Lane.ALERT)))
    await asyncio.sleep(3)
    took = time.monotonic() - since
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert counted[Lane.ALERT] >= 3 * per_second * ALERT_SHARE * 0.6, "a busy machine is no failure"
    assert counted[Lane.ALERT] + counted[Lane.NOTICE] - before <= took * per_second * TOLERANCE
