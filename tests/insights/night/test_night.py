"""The night's process: what it says, what it refuses, and what becomes of one that takes too much."""

from __future__ import annotations

import asyncio
import dataclasses
import signal
import subprocess
import sys
from datetime import date, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from insights.night import judging
from insights.night.judging import Asked, Judged, NightFailed, judge
from insights.settings import NightSettings
from tests.insights.planted import Planted, planted

MONDAY = date(2021, 1, 4)


def asked(series: Planted, weeks: int) -> Asked:
    """A series as it was when so many weeks were closed."""
    return Asked(series.name, MONDAY, "week", series.counts[:weeks])


async def judged(*series: Asked, **settings: float) -> dict[str, Judged]:
    return {one.key: one for one in await judge(series, dataclasses.replace(NightSettings(), **settings))}


async def test_a_planted_rise_is_found_with_its_first_week_and_what_chance_makes() -> None:
    rising = max((one for one in planted() if one.rise), key=lambda one: one.counts[(one.rise or 0) + 3])
    assert rising.rise is not None
    found = await judged(*(asked(one, rising.rise + 4) for one in [*planted()[:20], rising]))
    one = found[rising.name]
    assert one.is_alarm
    assert one.upper is not None
    assert one.count > one.upper
    assert one.method == "farrington-flexible"
    assert one.at == MONDAY + timedelta(weeks=rising.rise + 3)
    assert rising.is_rising((one.since - MONDAY).days // 7)
    assert one.bounds[-1] == [one.expected, one.upper]
    assert len(one.bounds) == 26
    # Twenty series of weeks: what the least p of them had to be, fifty-two times a year.
    assert 0 < one.chance_per_year <= 20 * 52 * 0.05


async def test_three_years_are_judged_by_weeks_of_earlier_years_and_less_by_the_last_few() -> None:
    series = planted()[0].counts
    asked = [Asked(str(weeks), MONDAY, "week", series[:weeks]) for weeks in (8, 10, 158, 166)]
    found = await judged(
        *asked, Asked("days", MONDAY, "day", series), Asked("gap", MONDAY, "week", [*series[:40], None])
    )
    assert {key: one.method for key, one in found.items()} == {
        "10": "ears-c2",
        "158": "ears-c2",
        "166": "farrington-flexible",
        "days": "ears-c2",
    }


async def test_a_wrong_series_is_named_and_the_others_are_judged() -> None:
    good, days = asked(planted()[0], 200), [1] * 4_001
    wrong = [Asked("negative", MONDAY, "week", [3, -1]), Asked("long", MONDAY, "day", days)]
    with capture_logs() as logs:
        found = await judge([*wrong, good], NightSettings())
    told = {one["key"]: one["why"] for one in logs}
    assert [one.key for one in found] == [good.key]
    assert "counts[1] is -1" in told["negative"]
    assert "4001 counts" in told["long"]


async def test_a_night_that_takes_too_long_is_ended_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "BEGIN", "import time; time.sleep(60)")
    with pytest.raises(NightFailed, match="took more than 1 s and was ended") as error:
        await judged(asked(planted()[0], 200), seconds=1)
    assert "1 秒" in error.value.texts["zh-CN"]


async def test_a_night_that_wants_more_memory_than_it_may_have_ends_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    greedy = judging.BEGIN.replace("sys.exit(main())", "import insights.night.child as child, numpy;")
    greedy += "child.judged = lambda *_: numpy.ones(10**9).tolist(); sys.exit(main())"
    monkeypatch.setattr(judging, "BEGIN", greedy)
    with pytest.raises(NightFailed, match=r"ended with status 1: .*allocate"):
        await judged(asked(planted()[0], 200), memory=200)


async def test_whoever_no_longer_waits_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    begin, begun = asyncio.create_subprocess_exec, asyncio.get_running_loop().create_future()

    async def noted(*command: str, **given: Any) -> asyncio.subprocess.Process:
        process = await begin(*command, **given)
        begun.set_result(process)
        return process

    monkeypatch.setattr(judging, "BEGIN", "import time; time.sleep(60)")
    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    task = asyncio.create_task(judged(asked(planted()[0], 200)))
    process = await begun
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert process.returncode == -signal.SIGKILL


async def test_a_process_that_has_ended_is_not_killed_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr(judging.os, "killpg", lambda number, _: killed.append(number))
    assert await judged(asked(planted()[0], 200))
    assert killed == []


@pytest.mark.parametrize(("weeks", "alpha"), [({20: 40}, 0.001), ({200: 40}, 0.01), ({20: 30, 200: 10}, None)])
async def test_chance_makes_as_many_alarms_as_each_method_lets_through(
    weeks: dict[int, int], alpha: float | None
) -> None:
    series = [
        Asked(
            f"{length}-{number}",
            MONDAY - timedelta(weeks=length),
            "week",
            [[4, 6, 5][(number + at) % 3] for at in range(length)],
        )
        for length, many in weeks.items()
        for number in range(many)
    ]
    found = await judged(*series, rate=0.999)
    share = {"ears-c2": 0.001, "farrington-flexible": 0.01}
    assert len(found) == 40
    for week in {one.at for one in found.values()}:
        together = [one for one in found.values() if one.at == week]
        made = sum(52 * share[one.method] for one in together)
        assert [one.chance_per_year for one in together] == pytest.approx([made] * len(together))
        assert alpha is None or made == pytest.approx(40 * 52 * alpha)


def test_the_process_has_numpy_and_nothing_of_the_platform() -> None:
    begin = judging.BEGIN.replace("sys.exit(main())", "print(*{name.partition('.')[0] for name in sys.modules})")
    command = [begin if one is judging.BEGIN else one for one in judging._command()]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    ours = {"banshi", "pluggy", "aiohttp", "tortoise", "orjson", "scipy", "pandas"}
    assert "numpy" in loaded
    assert not ours & {*loaded}


def test_by_hand_it_reads_and_writes_a_json_document_a_line() -> None:
    lines = b'{"window": 1}\n{"key": "a", "first": "2026-01-05", "grain": "week", "counts": [1,2,1,0,2,1,3,0,1,9]}\n{\n'
    done = subprocess.run([sys.executable, "-m", "insights.night"], input=lines, capture_output=True, check=False)
    said = done.stdout.decode().splitlines()
    assert done.returncode == 3
    assert '"key": null, "error"' in said[0]
    assert '"method": "ears-c2", "is_alarm": true' in said[1]
