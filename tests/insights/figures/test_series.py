"""Series: what was counted, week by week, at every level; what nobody knows, and what isn't closed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banshi.foundation.findings import ConfigurationError
from banshi.sdk.toml import SettingsError, typed
from banshi.testing import Door
from insights.figures import series
from insights.figures.calendar import days_beside, open_week
from insights.figures.divisions import DIVISIONS, Divisions, chain, merged_upwards, over
from insights.figures.series import Day, counted_days, one_series, series_of
from insights.settings import DivisionChange, InsightsSettings
from tests.insights.figures.bureau import CITY, HEADER, at, bring, bureau, weeks_from

FIRST = date(2026, 11, 2)


async def counts(door: Door, division: str = "", category: str = "theft", **asked: Any) -> list[int | None]:
    found = await one_series(door.platform, category, division, **asked)
    return found.counts if found else []


# -- weeks -----------------------------------------------------------------------------------------------------------


async def test_a_series_sums_what_lies_in_it_and_ends_with_weeks_that_aren_t_closed(
    tmp_path: Path, database: str
) -> None:
    async with bureau(tmp_path, database) as door:
        text = weeks_from(FIRST, [3, 0, 2]) + weeks_from(FIRST, [1, 1, 1], "510704001")
        await bring(door, tmp_path, HEADER + text + weeks_from(FIRST, [0, 5, 0], ""))
        assert await counts(door) == [4, 6, 3, None, None]
        assert await counts(door, "510703") == [3, 0, 2, None, None]
        assert await counts(door, "510704") == await counts(door, "510704001") == [1, 1, 1, None, None]
        assert await counts(door, weeks=3) == [6, 3, None, None]
        (city,) = [one for one in await series_of(door.platform) if one.division == ""]
        assert (city.first, city.open_from, city.losses) == (FIRST, date(2026, 11, 23), [None] * 5)
        assert city.periods[-1] == date(2026, 11, 30)
        # A category of the same file that no line is about had none; one that nobody counts has no series.
        assert await counts(door, category="fraud") == await counts(door, category="noise") == []


async def test_a_week_is_closed_some_days_after_its_end(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        for day, open_from in {1: "2026-11-23", 2: "2026-11-23", 3: "2026-11-30"}.items():
            at(door, datetime(2026, 12, day, 23, 59, tzinfo=CITY))
            assert open_week(door.platform).isoformat() == open_from


async def test_gaps_stay_gaps_wherever_they_are_summed(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        # The second week has no line at all, the third one an empty count.
        text = weeks_from(FIRST, [3, "-", "", 2]) + weeks_from(FIRST, [1, "-", 4, "-"], "510704")
        await bring(door, tmp_path, HEADER + text)
        assert await counts(door, "510703") == [3, None, None, 2, None]
        assert await counts(door, "510704") == [1, None, 4, 0, None]
        assert await counts(door) == [4, None, None, 2, None]


async def test_days_are_weeks_too_and_a_year_of_53_weeks_loses_none(tmp_path: Path, database: str) -> None:
    async with bureau(tmp_path, database) as door:
        at(door, datetime(2021, 1, 20, 9, 0, tzinfo=CITY))
        days = [date(2020, 12, 16) + timedelta(days=n) for n in range(33)]
        lines = "".join(f"{day},510703,theft,1,{1000 * n},{n},0\n" for n, day in enumerate(days))
        await bring(door, tmp_path, "day,division,category,count,loss,largest_loss,deaths\n" + lines)
        found = await one_series(door.platform, "theft")
        # The first whole week begins on the 21st; 2020-W53 on the 28th.
        assert found is not None
        assert (found.first, found.counts) == (date(2020, 12, 21), [7, 7, 7, 7, None])
        assert found.losses[0] == 56_000
        daily = await one_series(door.platform, "theft", "510703", weeks=2, grain="day")
        assert daily is not None
        assert (daily.first, daily.open_from) == (date(2021, 1, 4), date(2021, 1, 18))
        assert daily.counts == [1] * 14 + [None] * 3
        assert await counted_days(door.platform, date(2021, 1, 17)) == [
            Day("theft", "510703", date(2021, 1, 17), count=1, loss=32_000, largest_loss=32, deaths=0)
        ]


async def test_what_is_handed_in_by_weeks_has_no_days(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        await bring(door, tmp_path, HEADER + weeks_from(FIRST, [3, 0]))
        assert await series_of(door.platform, grain="day") == []


async def test_one_series_reads_the_rows_of_its_division_and_all_are_joined_beside_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = changed({"old": "510724", "new": ["510705"]})
    read, joined = set[str](), set[int]()
    rows, made = series._rows, series._series

    async def noted(*asked: Any) -> Any:
        found = await rows(*asked)
        read.update(row["division"] for row in found)
        return found

    def beside(*given: Any) -> Any:
        joined.add(threading.get_ident())
        return made(*given)

    async with bureau(tmp_path, settings={"changes": changes}) as door:
        places = ("510703", "510703001", "510704", "510724001", "510705001")
        await bring(door, tmp_path, HEADER + "".join(weeks_from(FIRST, [1, 2], place) for place in places))
        monkeypatch.setattr(series, "_rows", noted)
        monkeypatch.setattr(series, "_series", beside)
        for division, inside in (
            ("510703", {"510703", "510703001"}),
            ("510703001", {"510703001"}),
            ("510705", {"510705001", "510724001"}),
            ("510705001", {"510705001", "510724001"}),
            ("", {*places}),
        ):
            read.clear()
            many = 5 if not division else len(inside)
            assert (await counts(door, division))[:2] == [many, 2 * many]
            assert read >= inside
            assert not division or not {one for one in read - inside if not one.startswith("510724")}
        assert threading.get_ident() not in joined


# -- divisions -------------------------------------------------------------------------------------------------------


def changed(*changes: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [{"on": "2026-11-16", **one} for one in changes]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # Renamed: one series, under the new code, streets with it.
        ({"old": "510724", "new": ["510705"]}, {"510705": [3, 3, 8, 8, None], "510705001": [1, 1, 0, 0, None]}),
        # Merged into another: the sum of both, before as well.
        ({"old": "510724", "new": ["510704"]}, {"510704": [5, 5, 2, 2, None], "510705": [0, 0, 8, 8, None]}),
        # Split: those that came of it begin then; what was before is the city's alone.
        ({"old": "510724", "new": ["510705", "510704"]}, {"510705": [8, 8, None], "510704": [2, 2, None]}),
    ],
)
async def test_a_division_that_was_renamed_merged_or_split(
    tmp_path: Path, change: Mapping[str, Any], expected: Mapping[str, list[int | None]]
) -> None:
    async with bureau(tmp_path, settings={"changes": changed(change)}) as door:
        before = weeks_from(FIRST, [2, 2], "510724") + weeks_from(FIRST, [1, 1], "510724001")
        before += weeks_from(FIRST, [2, 2], "510704")
        after = weeks_from(date(2026, 11, 16), [8, 8], "510705") + weeks_from(date(2026, 11, 16), [2, 2], "510704")
        await bring(door, tmp_path, HEADER + before + after)
        assert {division: await counts(door, division) for division in expected} == expected
        assert await counts(door) == [5, 5, 10, 10, None]
        assert await counts(door, "510724") == []
        begins = date(2026, 11, 16) if len(change["new"]) > 1 else None
        assert door.platform[DIVISIONS].begins("510705") == begins


@pytest.mark.parametrize("change", [{"old": "51072", "new": ["510705"]}, {"old": "510724", "new": []}])
def test_a_change_that_can_t_be_is_refused(change: Mapping[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"changes\.(old|new)"):
        typed(DivisionChange, {**change, "on": FIRST}, where="changes")


async def test_a_unit_or_division_that_there_is_not_stops_the_start(tmp_path: Path) -> None:
    units = {"parks/easy": "510703", "park": "510703", "parks": "510799"}
    with pytest.raises(ConfigurationError) as told:
        async with bureau(tmp_path, settings={"units": units}):
            pass
    assert [one.advice.partition("settings.")[2] for one in told.value.findings] == [
        "units: there is no 'parks/easy': did you mean 'east'?",
        "units: there is no 'park': did you mean 'parks'?",
        "units.parks: GB/T 2260 has no such division; a new one goes into the setting `divisions` of insights",
    ]


def test_divisions_bear_the_names_of_the_national_list_and_the_operator_s() -> None:
    own = {"510703001": {"zh-CN": "城厢街道", "en": "Chengxiang Street"}}
    divisions = Divisions(InsightsSettings(city="510700", divisions=own))
    assert divisions.title("510703")["zh-CN"] == "涪城区"
    assert divisions.title("510703001") == own["510703001"]
    assert divisions.title("")["zh-CN"] == "全市"
    assert divisions.known("510700") == divisions.known("") == ""


CODES = st.sampled_from(["510703", "510704", "510703001", "510703002", "510704001", "510703001001"])


@given(st.dictionaries(CODES, st.integers(0, 9)), st.integers(1, 9))
def test_nothing_is_told_of_where_there_are_few(own: Mapping[str, int], fewest: int) -> None:
    summed: dict[str, int] = {}
    for division, count in own.items():
        for one in chain(division):
            summed[one] = summed.get(one, 0) + count
    for division, told in merged_upwards(summed, fewest).items():
        assert told in {*chain(division)}
        assert not told or summed[told] >= fewest
        assert told == division or summed[division] < fewest


def test_what_lies_over_a_division() -> None:
    assert [*chain("510703001001")] == ["510703001001", "510703001", "510703", ""]
    assert over("") == ""


# -- days beside -----------------------------------------------------------------------------------------------------


async def test_holidays_and_make_up_days_are_told_beside_their_week(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        platform = door.platform
        assert days_beside(platform, date(2025, 9, 29), "en") == ["10-01–10-05 public holiday: National Day"]
        assert days_beside(platform, date(2025, 9, 22)) == ["09-28 调休上班日：国庆节"]
        assert days_beside(platform, date(2026, 11, 23)) == []


# -- who sees it -----------------------------------------------------------------------------------------------------


async def test_an_analyst_sees_their_department_s_figures_and_nobody_else_any(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        await bring(door, tmp_path, HEADER + weeks_from(FIRST, [3, 0, 2]))
        path, english = "/v1/insights/series", {"Accept-Language": "en"}
        chen, other = door.staff("chen", "parks:analyst"), door.staff("li", "works:analyst")
        page = (await chen.get(path, params={"division": "510703"}, headers=english)).ok()
        (line,) = page["items"]
        assert (line["category"]["code"], line["division"]["title"], line["grain"]) == ("theft", "Fucheng Qu", "week")
        assert [one["count"] for one in line["periods"]] == [3, 0, 2, None, None]
        assert [one["open"] for one in line["periods"]] == [False, False, False, True, True]
        assert (await other.get(path)).ok() == {"items": []}
        assert (await other.get(path, params={"category": "theft"})).status == 404
        assert (await chen.get(path, params={"division": "110101"})).status == 400
        assert (await door.citizen("wang").get(path)).status == 403
        assert (await door.anyone.get(path)).status == 401
