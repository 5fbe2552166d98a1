"""Open figures: published week by week, safe against reckoning, and in the formats that others read."""

from __future__ import annotations

import csv
import io
import random
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonstat_validator import validate_jsonstat

from banshi.testing import Door
from insights.findings.models import Finding
from insights.published import publication, routes
from insights.published.models import OpenWeek
from insights.published.publication import publish
from insights.published.routes import OPEN_FIGURES
from tests.insights.figures.bureau import CATEGORY, NOW, at, bring, bureau
from tests.insights.published.attackers import cells_of, most_of, sums_of

FEWEST, WEEKS = 5, 5
CODES = {"theft": "property", "robbery": "property", "tasks": "fraud", "loans": "fraud", "noise": ""}
DIVISIONS = ("", "510703", "510704", "510722", "510703001")

FILE = '[groups]\nproperty = { zh-CN = "侵财", en = "Property" }\nfraud = { zh-CN = "=诈骗", en = "=Fraud" }\n'
for _code, _group in {**CODES, "secret": ""}.items():
    FILE += CATEGORY.format(code=_code, counts='{ imports = ["reports"] }').replace(
        "department",
        f"{f'group = {_group!r}' if _group else ''}\nis_public = {str(_code != 'secret').lower()}\ndepartment",
    )


def lines(first: date, weeks: int, seed: int) -> str:
    """A file of so many weeks; what was handed in before is nearly the same in the next one."""
    found = ["week,division,category,count"]
    for week in (first + timedelta(weeks=number) for number in range(weeks)):
        for division in DIVISIONS:
            for code in (*CODES, "secret"):
                lot = random.Random(f"{week} {division} {code}")
                late = random.Random(f"{seed} {week} {division} {code}").choice([0, 0, 0, 1])
                found.append(f"{week},{division},{code},{lot.choice([0, 0, 1, 2, 3, 5, 8, 20]) + late}")
    return "\n".join(found)


async def read(door: Door, ending: str, **query: str) -> Any:
    door.platform[OPEN_FIGURES].known.clear()
    return await door.anyone.get(f"/v1/open-figures.{ending}", params=query, headers={"Accept-Language": "en"})


async def test_a_month_of_publications_says_of_no_hidden_figure_that_it_is_below_five(
    tmp_path: Path, database: str
) -> None:
    """Each version is read, late corrections are handed in between them, and then all of it is reckoned through."""
    first, told = date(2026, 9, 28), dict[str, Any]()
    async with bureau(tmp_path, database, file=FILE) as door:
        assert (await read(door, "json")).status == 404
        for number in range(WEEKS):
            at(door, NOW + timedelta(weeks=number - WEEKS))
            await bring(door, tmp_path, lines(first, 5 + number, seed=number))
            await publish(door.platform)
            for one in await OpenWeek.all():
                assert told.setdefault(str(one.week), one.figures) == one.figures, "two versions tell more than one"
        dataset = (await read(door, "json", year="2026")).ok()
        cells = cells_of(dataset)
        assert len(dataset["dimension"]["week"]["category"]["index"]) == len(told) >= WEEKS
        assert not [place for place in cells if "secret" in place]
        sums = [*sums_of(dataset, cells)]
        assert {len(whole) for whole, _ in sums} == {3}
        for least in (0.0, 1.0):
            most = most_of(cells, sums, least)
            assert most
            assert min(most.values()) >= FEWEST - 1e-6, min(most.items(), key=lambda one: one[1])
        assert not [place for place, figure in cells.items() if figure is not None and 0 < figure < FEWEST]


async def test_json_stat_is_as_its_standard_says_and_the_table_has_the_same_figures(tmp_path: Path) -> None:
    async with bureau(tmp_path, file=FILE) as door:
        await bring(door, tmp_path, lines(date(2026, 9, 28), 9, seed=1))
        await publish(door.platform)
        dataset = (await read(door, "json")).ok()
        assert validate_jsonstat(dataset) is True
        assert dataset["link"]["license"][0]["href"] == "https://creativecommons.org/licenses/by/4.0/"
        reply = await read(door, "csv")
        rows = [*csv.DictReader(io.StringIO(reply.body.decode("utf-8-sig")))]
        assert [int(row["count"]) if row["count"] else None for row in rows] == dataset["value"]
        assert {row["category_title"] for row in rows} >= {"'=Fraud", "Property", "All"}
        places = {row["division"]: row["division_title"] for row in rows}
        assert (places["510703"], places["elsewhere"]) == ("Fucheng Qu", "Elsewhere or unknown")
        # A figure of a street is its district's.
        assert "510703001" not in places
        again = await door.anyone.get(
            "/v1/open-figures.csv", headers={"If-None-Match": reply.headers["ETag"], "Accept-Language": "en"}
        )
        assert again.status == 304
        assert (await read(door, "json", year="2019")).status == 404


async def test_what_is_published_is_written_beside_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set[int]()

    def noted(form: Any) -> Any:
        def beside(*given: Any, **more: Any) -> Any:
            threads.add(threading.get_ident())
            return form(*given, **more)

        return beside

    async with bureau(tmp_path, file=FILE) as door:
        await bring(door, tmp_path, lines(date(2026, 9, 28), 6, seed=1))
        await publish(door.platform)
        for name in ("json_stat", "table"):
            monkeypatch.setattr(routes, name, noted(getattr(routes, name)))
        (await read(door, "json")).ok()
        assert threads
        assert threading.get_ident() not in threads


async def test_a_week_of_which_warnings_have_told_too_much_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    async with bureau(tmp_path, database, file=FILE) as door:
        first = date(2026, 10, 26)
        text = "week,division,category,count\n" + "".join(
            f"{first + timedelta(weeks=week)},{division},theft,{count}\n"
            for week in range(2)
            for division, count in (("510703", 19), ("510704", 3), ("510722", 0))
        )
        await bring(door, tmp_path, text)

        async def warned(_: Any, week: date) -> list[Finding]:
            about = {"category": "theft", "grain": "week", "at": week, "count": 22, "facts": {}}
            places = [("", 22), ("510703", 19)] if week == first else []
            return [Finding(**{**about, "area": place, "count": count}) for place, count in places]

        monkeypatch.setattr(publication, "warned_in", warned)
        await publish(door.platform)
        assert [one.week for one in await OpenWeek.all()] == [first + timedelta(weeks=1)]
