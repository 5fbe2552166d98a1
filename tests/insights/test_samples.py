"""The sample city's figures are what their generator makes, and a city that takes them in has something to show."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from banshi.testing import open_door
from insights.figures.calendar import open_week
from insights.figures.samples import FIGURES, take_in_sample
from insights.figures.series import series_of
from tests.insights.findings.city import DEPARTMENTS
from tests.insights.made_up_city import CATEGORIES, RISES, SHARES, WEEKS, lines


def test_the_file_is_what_its_generator_makes() -> None:
    assert FIGURES.read_text(encoding="utf-8").splitlines() == [*lines()]


async def test_three_years_end_with_the_last_closed_week_and_the_four_rises_are_there(tmp_path: Path) -> None:
    names = ("criminal", "traffic", "public_order", "fire", "petitions", "cyber")
    plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in names}
    plugins["insights"] = "insights"
    settings = {"city": "510700", "judged_at": 23, "urgent_seconds": 3600.0}
    async with open_door(tmp_path, plugins, settings={"insights": settings}) as door:
        await take_in_sample(door.platform)
        series = {(one.category, one.division): one for one in await series_of(door.platform)}
        assert {code for code, _ in series} >= CATEGORIES.keys()
        assert {division for _, division in series} == {"", *SHARES}
        last = open_week(door.platform) - timedelta(weeks=1)
        for key, (weeks, times) in RISES.items():
            one = series[key]
            end = (last - one.first).days // 7 + 1
            counts = [count or 0 for count in one.counts[:end]]
            assert len(counts) == WEEKS
            before = counts[-weeks - 26 : -weeks]
            assert min(counts[-weeks:]) > 1.25 * sum(before) / len(before), (key, times)
