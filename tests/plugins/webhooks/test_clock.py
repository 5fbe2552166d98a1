"""A clock that was an hour ahead for a while: the receivers that failed meanwhile are asked again in seconds."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest

from banshi.testing import Door
from tests.plugins.webhooks_city import (
    Got,
    Receiver,
    client,
    happen,
    idle,
    made,
    office,
    open_city,
    part,
    receiving,
    until,
)

HOUR = timedelta(hours=1)

HOUR_MS, MINUTE_MS = 3_600_000, 60_000


class Moody:
    """Fails until it is told not to."""

    def __init__(self) -> None:
        self.is_failing, self.asked = True, 0

    def __call__(self, _: Got) -> tuple[int, dict[str, str]]:
        self.asked += 1
        return (500, {}) if self.is_failing else (200, {})


def arrived(receiver: Receiver) -> set[str]:
    """The ids of the events that it took, by themselves or in batches."""
    bodies = [json.loads(one.body) for one in receiver.got if one.status < 300]
    return {event["id"] for body in bodies for event in (body if isinstance(body, list) else [body])}


def wake(door: Door) -> None:
    for one in office(door).receivers.values():
        one.wake.set()


@pytest.mark.parametrize("mode", ["structured", "batch"])
async def test_a_sender_whose_clock_is_an_hour_ahead_lets_a_receiver_rest_no_longer(
    tmp_path: Path, postgres: str, mode: str
) -> None:
    moody = Moody()
    async with open_city(tmp_path, {"database": postgres}) as door, receiving(answer=moody) as receiver:
        models = part("models")
        await made(await client(door), receiver, mode=mode)
        await until(lambda: office(door).receivers)
        door.platform.store.shared_clock.machine = lambda: time.time() + HOUR.total_seconds()
        for number in range(8):
            await happen(door, f"case-{number}", 1)
        await until(lambda: next(iter(office(door).receivers.values())).standing.rest_until)
        await until(lambda: idle(door))
        # Another process takes it over, by a clock that is right.
        await office(door).stop()
        row, soon = await models.Subscription.get(), int(time.time() * 1000) + MINUTE_MS
        assert (row.rest_until, row.failing_since) < (soon, soon)
        assert max(await models.DeliveryRow.all().values_list("next_at", flat=True)) < soon
        (tmp_path / "second").mkdir()
        shared = {"database": postgres, "keys": door.platform.settings.keys_folder}
        async with open_city(tmp_path / "second", shared):
            moody.is_failing = False
            await until(lambda: len(arrived(receiver)) == 8)


@pytest.mark.sqlite
@pytest.mark.parametrize("mode", ["structured", "batch"])
async def test_a_sender_whose_clock_is_set_back_by_an_hour_goes_on_at_once(tmp_path: Path, mode: str) -> None:
    """On SQLite the database's clock is the machine's: it jumps with it."""
    moody = Moody()
    async with open_city(tmp_path) as door, receiving(answer=moody) as receiver:
        await made(await client(door), receiver, mode=mode)
        await until(lambda: office(door).receivers)
        right = door.platform.now
        door.platform.now = lambda: right() + HOUR
        for number in range(8):
            await happen(door, f"case-{number}", 1)
        await until(lambda: next(iter(office(door).receivers.values())).standing.rest_until)
        await until(lambda: idle(door))
        moody.is_failing, door.platform.now = False, right
        wake(door)
        await until(lambda: len(arrived(receiver)) == 8)


@pytest.mark.sqlite
@pytest.mark.parametrize("noted", [HOUR_MS, 0], ids=["noted by a clock that was ahead", "longer than anything may"])
async def test_a_rest_that_can_t_be_right_is_over_for_whoever_takes_the_receiver(tmp_path: Path, noted: int) -> None:
    moody = Moody()
    async with open_city(tmp_path) as door, receiving(answer=moody) as receiver:
        models = part("models")
        await made(await client(door), receiver)
        await happen(door, "a", 1)
        await until(lambda: moody.asked)
        await until(lambda: idle(door))
        await office(door).stop()
        now = int(time.time() * 1000)
        until_then = {HOUR_MS: now + HOUR_MS + 5000, 0: now + 7 * HOUR_MS}[noted]
        await models.Subscription.all().update(
            failures=7, rests=3, rest_until=until_then, tried_at=now + noted, lease_until=0
        )
        assert await models.DeliveryRow.all().update(next_at=until_then, at=now + noted) == 1
        (tmp_path / "second").mkdir()
        moody.is_failing = False
        shared = {"database": door.platform.settings.database_url, "keys": door.platform.settings.keys_folder}
        async with open_city(tmp_path / "second", shared):
            await until(lambda: receiver.taken == ["a-1"])
