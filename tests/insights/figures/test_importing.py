"""What a department hands in: all of a file or nothing, whatever is in it."""

from __future__ import annotations

import asyncio
import json
import resource
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from banshi.ops.cli import group
from banshi.sdk.registers import RefusedFile
from banshi.testing import Door
from insights.figures import importing
from insights.figures.models import Count, CountSource
from tests.insights.figures.bureau import FILE, HEADER, bring, bureau
from tests.town.parts import APPEALS, appeals
from tests.town.town import written

GOOD = "day,division,category,count,loss,largest_loss,deaths\n"
GOOD += "2026-11-24,510703,theft,3,4500,3000,0\n2026-11-25,,fraud,1,,,\n"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with bureau(tmp_path) as opened:
        await bring(opened, tmp_path, GOOD)
        yield opened


@pytest.fixture
async def either_door(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    """The same on each database, for what it does with a file that is right."""
    async with bureau(tmp_path, database) as opened:
        await bring(opened, tmp_path, GOOD)
        yield opened


async def figures(door: Door) -> list[tuple[str, str, str, int | None]]:
    """What counts, of all files that there are."""
    source = await CountSource.get(name="reports")
    rows = await Count.filter(source="reports").order_by("category", "day", "division")
    assert {row.batch for row in rows} == {source.batch}, "something of another file is left"
    return [(row.category, row.day.isoformat(), row.division, row.count) for row in rows]


AS_BEFORE = [("fraud", "2026-11-25", "", 1), ("theft", "2026-11-24", "510703", 3)]


async def refused(door: Door, folder: Path, content: str | bytes, name: str = "reports.csv") -> list[str]:
    """What is told of a file, which leaves everything as it was."""
    with pytest.raises(RefusedFile) as told:
        await bring(door, folder, content, name)
    assert await figures(door) == AS_BEFORE
    return told.value.problems.told


# -- what is right ---------------------------------------------------------------------------------------------------


async def test_a_file_takes_the_place_of_the_one_before(either_door: Door, tmp_path: Path) -> None:
    assert await figures(either_door) == AS_BEFORE
    row = await Count.get(category="theft")
    assert (row.loss, row.largest_loss, row.deaths, row.grain) == (4500, 3000, 0, "day")
    done = await bring(either_door, tmp_path, HEADER + "2026-W47,510703,theft,2\n2026-11-23,510704,theft,\n")
    assert (done.since, done.until, done.grain, done.gaps) == (date(2026, 11, 16), date(2026, 11, 29), "week", [])
    assert await figures(either_door) == [("theft", "2026-11-16", "510703", 2), ("theft", "2026-11-23", "510704", None)]


async def test_files_of_spreadsheet_programs_are_read_as_they_are(door: Door, tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "gb18030"):
        await bring(door, tmp_path, GOOD.replace("\n", "\r\n").encode(encoding))
        assert await figures(door) == AS_BEFORE
        told = await refused(door, tmp_path, (HEADER + "2026-W47,510703,盗窃,2\n").encode(encoding))
        assert told == ["line 2: category: no category that counts reports is called so: there are: fraud, theft"]


async def test_json_is_taken_in_lines_and_as_a_list(door: Door, tmp_path: Path) -> None:
    rows = [{"week": "2026-W47", "division": "510703", "category": "theft", "count": 2}]
    rows.append({"week": "2026-W48", "category": "fraud", "count": None, "loss": None})
    expected = [("fraud", "2026-11-23", "", None), ("theft", "2026-11-16", "510703", 2)]
    for text in ("\n".join(map(json.dumps, rows)), json.dumps(rows, indent=2), "\ufeff" + json.dumps(rows)):
        await bring(door, tmp_path, text, "reports.json")
        assert await figures(door) == expected


async def test_a_fifty_third_week_is_one_where_the_year_has_it(door: Door, tmp_path: Path) -> None:
    done = await bring(door, tmp_path, HEADER + "2020-W53,,theft,1\n2021-W01,,theft,1\n")
    assert (done.since, done.until) == (date(2020, 12, 28), date(2021, 1, 10))
    await bring(door, tmp_path, GOOD)
    (told,) = await refused(door, tmp_path, HEADER + "2025-W53,,theft,1\n")
    assert told == "line 2: week: give a day such as 2026-11-24, or a week such as 2026-W48, if there is one"


async def test_weeks_without_a_line_are_gaps_that_are_told(door: Door, tmp_path: Path) -> None:
    done = await bring(door, tmp_path, HEADER + "2026-W40,,theft,1\n2026-W43,,fraud,0\n2026-W44,,theft,2\n")
    assert done.gaps == ["2026-10-05", "2026-10-12"]


async def test_a_huge_week_and_nothing_but_zeros_are_figures_like_any(door: Door, tmp_path: Path) -> None:
    await bring(door, tmp_path, HEADER + "2026-W40,,theft,100000\n2026-W41,,theft,0\n2026-W42,,theft,0\n")
    assert [count for *_, count in await figures(door)] == [100_000, 0, 0]


# -- what is wrong ---------------------------------------------------------------------------------------------------

WRONG = {
    "2026-W47,510703,theft,-2": "count: it is negative",
    "2026-W47,510703,theft,100001": "count: it is more than 100,000: is it one figure?",
    "2026-W47,510703,theft,=SUM(A1:A9)": "count: this is a formula: hand in its value",
    "2026-W47,510703,+cmd|' /C calc'!A0,1": "category: no category that counts reports is called so: there are: "
    "fraud, theft",
    "2026-W47,@510703,theft,1": "division: give the 6, 9 or 12 digits of a division, or nothing for the whole city",
    "2026-W47,510703,theft,1.5": "count: give a whole number",
    "2026-W47,510703,theft,两起": "count: give a whole number",
    "2026-W47,510799,theft,1": "division: GB/T 2260 has no such division; a new one goes into the setting `divisions` "
    "of insights",
    "2026-W47,5107,theft,1": "division: give the 6, 9 or 12 digits of a division, or nothing for the whole city",
    "2026-W47,510104,theft,1": "division: the division lies outside the city, 510700",
    "2026-W47,510703,robbery,1": "category: no category that counts reports is called so: there are: fraud, theft",
    "2026-W47,510703,thefts,1": "category: no category that counts reports is called so: did you mean 'theft'?",
    "2026-11-24,510703,theft,1": "week: it is no Monday: a week is written as 2026-W48, or by its Monday",
    "2026-W50,510703,theft,1": "week: it is yet to come",
    "0206-W47,510703,theft,1": "week: it is before 1980-01-01: is the year right?",
    ",510703,theft,1": "day: give a day such as 2026-11-24, or a week such as 2026-W48, if there is one",
    "2026-W47,510703,theft": "it has 3 cells in place of 4",
}


async def test_every_line_is_told_with_its_mistake_and_nothing_is_taken_in(door: Door, tmp_path: Path) -> None:
    good = "2026-W46,510703,theft,1\n"
    told = await refused(door, tmp_path, HEADER + good + "\n".join(WRONG))
    assert told == [f"line {number}: {what}" for number, what in enumerate(WRONG.values(), 3)]


UNREADABLE: list[tuple[str | bytes, str, str]] = [
    ("", "csv", "line 1: the file is empty"),
    (HEADER, "csv", "line 1: there is no figure in it; a file with none is not imported"),
    ("week,where,category,count\n", "csv", "line 1: there is no column 'where'"),
    (HEADER.encode("utf-16"), "csv", "it is UTF-16: save it as CSV in UTF-8"),
    (HEADER.encode() + b"\xff\xff\n", "csv", "it is neither UTF-8 (line 2) nor GB18030 (line 2)"),
    (HEADER + '2026-W47,"510703,theft,1\n', "csv", "line 2: the quotes are wrong"),
    ('{"week": 1, "category": "theft"}', "json", "line 1: week: give text"),
    ('[{"when": 2}]', "json", "line 1: there is no column 'when': there are: day, week, division, category"),
    ('{"week": "2026-W47"', "json", "line 1: write one JSON object a line, or a list of objects, in UTF-8"),
    ('[{"week": "2026-W47"}', "json", "it is no JSON: "),
    (
        HEADER + "2026-W47,,theft,1\n2026-W46,,theft,1\n2026-11-16,,theft,2\n",
        "csv",
        "line 4: line 2 has a figure of the same period, division and category",
    ),
    (
        "day,week,category,count\n,2026-W47,theft,1\n2026-11-20,,theft,1\n",
        "csv",
        "line 3: days and weeks in one file: hand them in as two",
    ),
]


async def test_what_can_t_be_read_or_stands_twice_is_told(door: Door, tmp_path: Path) -> None:
    for content, suffix, told in UNREADABLE:
        assert (await refused(door, tmp_path, content, f"reports.{suffix}"))[0].startswith(told)


async def test_of_two_files_at_once_one_counts_and_the_other_says_so(either_door: Door, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
    texts = [HEADER + f"2026-W47,,theft,{count}\n" for count in (1, 2)]
    done = await asyncio.gather(*map(bring, [either_door] * 2, folders, texts), return_exceptions=True)
    (lost,) = (one for one in done if isinstance(one, RefusedFile))
    assert lost.problems.told == [
        "line 1: another file of reports was taken in meanwhile: look at it, and hand this one in again"
    ]
    assert len(await figures(either_door)) == 1


async def test_whatever_breaks_off_an_import_leaves_the_figures_as_they_were(
    either_door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(importing, "_swap", fails)
    with pytest.raises(OSError, match="the disk is gone"):
        await bring(either_door, tmp_path, HEADER + "2026-W47,,theft,1\n")
    assert await figures(either_door) == AS_BEFORE


async def test_what_a_killed_import_left_goes_after_a_day(either_door: Door) -> None:
    now = int(await either_door.platform.store.time() * 1000)
    for hours in (1, 25):
        batch = (now - hours * 3_600_000) << importing.RANDOM_BITS
        day = date(2026, 11, 1)
        await Count.create(source="reports", batch=batch, category="theft", day=day, grain="day", count=1, line=hours)
    await importing.tidy(either_door.platform)
    assert {row.line for row in await Count.filter(day=day)} == {1}


async def test_more_lines_than_are_allowed_end_with_one_clear_answer(door: Door, tmp_path: Path) -> None:
    line = "2026-W47,510703,theft,1\n"
    with pytest.raises(RefusedFile) as told:
        await bring(door, tmp_path, HEADER + line * 11, limit=10)
    assert told.value.problems.told == ["line 12: there are 12, 10 at most: divide the file, or raise import_rows"]
    assert await figures(door) == AS_BEFORE


async def test_a_large_file_is_read_in_bounded_memory(either_door: Door, tmp_path: Path) -> None:
    days = [date.fromordinal(number).isoformat() for number in range(730_000, 739_000)]
    lines = [f"{day},{division},theft,1\n" for day in days for division in ("510703", "510704")]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await bring(either_door, tmp_path, "day,division,category,count\n" + "".join(lines), limit=100_000)
    assert await Count.all().count() == len(lines) == 18_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


def test_the_command_says_what_it_took_in_and_what_it_refused(tmp_path: Path) -> None:
    (tmp_path / "categories.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "plugins.toml").write_text(
        f'[plugins.parks]\npath = "{written(tmp_path, appeals(APPEALS, "parks"))["parks"]}"\napi = 1\n'
        '[plugins.insights]\npackage = "insights"\napi = 1\n'
        '[plugins.insights.settings]\ncategories = "categories.toml"\n',
        encoding="utf-8",
    )
    (tmp_path / "reports.csv").write_text(HEADER + "2026-W40,,theft,1\n2026-W42,,theft,2\n", encoding="utf-8")
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "reports.csv").write_text(HEADER + "2026-W40,,theft,-1\n", encoding="utf-8")
    command = ["--config", str(tmp_path / "plugins.toml"), "insights", "import"]
    for name, status, told in (
        ("reports.csv", 0, "reports: 2026-09-28 to 2026-10-18 by week; no line in the weeks from 2026-10-05: gaps\n"),
        ("wrong/reports.csv", 1, "1 to mend; what there was of reports stays\n"),
    ):
        done = CliRunner().invoke(group, [*command, str(tmp_path / name)])
        assert (done.exit_code, done.output.endswith(told)) == (status, True), done.output
    assert "wrong/reports.csv: line 2: count: it is negative" in done.output
