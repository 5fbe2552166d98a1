"""The sample city's figures are what their generator makes, and a city that takes them in has something to show."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from banshi.testing import open_door
from insights.figures.calendar import open_week
from insights.figures.samples import FIGURES, take_in_sample
from insights.figures.series import series_of
from insights.findings.models import Finding
from insights.findings.weekly import judge_now
from tests.insights.findings.city import DEPARTMENTS
from tests.insights.made_up_city import CATEGORIES, RISES, SHARES, WEEKS, lines


def test_the_file_is_what_its_generator_makes() -> None:
    assert FIGURES.read_text(encoding="utf-8").splitlines() == [*lines()]


async def test_three_years_end_with_the_last_closed_week_and_the_four_rises_are_found(tmp_path: Path) -> None:
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
        assert {(one.first, one.open_from - one.first) for one in series.values()} == {
            (last - timedelta(weeks=WEEKS - 1), timedelta(weeks=WEEKS))
        }
        await judge_now(door.platform)
        found = {(one.category, one.division) for one in await Finding.all()}
        assert found >= RISES.keys()
        # Beside them the whole city's, of which one is the most.
        assert {division for _, division in found - RISES.keys()} <= {""}
