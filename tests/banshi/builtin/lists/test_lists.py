"""The lists that forms choose from: held against other libraries, served step by step, searched as people type."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import stdnum.cn

from banshi.builtin.lists.reading import MAX_FOUND, division_named, entries
from banshi.forms.numbers import NUMBERS
from banshi.testing import Door, open_door
from tools import make_lists

CHINESE, ENGLISH = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en"}

together = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_door(tmp_path_factory.mktemp("lists"), {}) as opened:
        yield opened


async def listed(office: Door, path: str, headers: dict[str, str] = CHINESE) -> dict[str, Any]:
    rows = (await office.anyone.get(f"/v1/lists/{path}", headers=headers)).ok()["items"]
    return {one["code"]: one for one in rows}


def told_by_stdnum() -> dict[str, set[str]]:
    """What another library calls each code today; it has past names and bounds of years too."""
    known: dict[str, set[str]] = {}
    province = ""
    for line in (Path(stdnum.cn.__file__).with_name("loc.dat")).read_text("utf-8").splitlines():
        if top := re.fullmatch(r'(\d\d) province="(.*)"', line):
            province = top[1]
        elif row := re.fullmatch(r' +(\d{4}) county="(.*)"', line):
            known[province + row[1]] = {one.rpartition("]")[2] for one in row[2].split(",") if "-20" not in one}
    return known


def test_divisions_are_called_as_another_library_calls_them() -> None:
    """Two tables of two people's making: python-stdnum's from Wikipedia, ours from the ministry's list of places."""
    theirs, ours = told_by_stdnum(), entries("divisions")
    # Divided or founded since 2021, and not in theirs yet.
    assert ours.keys() - theirs.keys() == {"330113", "330114", "653132", "659013"}
    assert {code for code, one in ours.items() if code in theirs and one.names["zh-CN"] not in theirs[code]} == set()


def test_every_division_is_one_that_a_form_takes_and_stands_in_another() -> None:
    for code, one in entries("divisions").items():
        assert NUMBERS["cn-division"](code), code
        assert one.within in entries("divisions") or (code.endswith("0000") and not one.within), code
        assert re.fullmatch("[A-Z][a-zü']+( ([A-Z][a-zü']+|SAR))*", one.names["en"]), one.names["en"]


def test_countries_are_those_of_iso_with_the_names_of_cldr() -> None:
    import pycountry
    from babel import Locale

    ours = entries("countries")
    assert ours.keys() ^ {one.alpha_3 for one in pycountry.countries} == {"XXA"}
    own = {
        one.alpha_3: (ours[one.alpha_3].names["zh-CN"], Locale("zh").territories[one.alpha_2])
        for one in pycountry.countries
        if ours[one.alpha_3].names["zh-CN"] != Locale("zh").territories[one.alpha_2]
        or ours[one.alpha_3].names["en"] != Locale("en").territories[one.alpha_2]
    }
    assert own.keys() == {"HKG", "MAC", "TWN", "PSE"}


def test_peoples_are_those_of_the_standard() -> None:
    codes = list(entries("peoples"))
    assert codes == [*(f"{number:02}" for number in range(1, 57)), "97", "98"]
    assert len({one.names["zh-CN"] for one in entries("peoples").values()}) == 58


@pytest.mark.parametrize(
    ("name", "read"),
    [
        *[("长安区", "Chang'an Qu"), ("西安市", "Xi'an Shi"), ("朝阳区", "Chaoyang Qu"), ("闵行区", "Minhang Qu")],
        *[
            ("唐县", "Tangxian"),
            ("清新区", "Qingxin Qu"),
            ("浦东新区", "Pudong Xinqu"),
            ("锡林郭勒盟", "Xilinguole Meng"),
        ],
        ("恩施土家族苗族自治州", "Enshi Tujiazu Miaozu Zizhizhou"),
        ("博尔塔拉蒙古自治州", "Bo'ertala Menggu Zizhizhou"),
        ("龙胜各族自治县", "Longsheng Gezu Zizhixian"),
        ("新疆维吾尔自治区", "Xinjiang Uygur Zizhiqu"),
    ],
)
def test_a_division_is_read_in_words(name: str, read: str) -> None:
    assert make_lists.romanised(name, make_lists.peoples()) == read
    assert read in {one.names["en"] for one in entries("divisions").values() if one.names["zh-CN"] == name}


def test_the_tool_reads_every_division_as_the_file_has_it() -> None:
    names = make_lists.peoples()
    for one in entries("divisions").values():
        assert make_lists.romanised(one.names["zh-CN"], names) == one.names["en"]


@together
async def test_divisions_come_step_by_step(office: Door) -> None:
    provinces = await listed(office, "divisions")
    assert len(provinces) == 34
    assert provinces["510000"] == {"code": "510000", "title": "四川省", "divided": True}
    assert provinces["710000"]["divided"] is False  # the standard has no codes within
    prefectures = await listed(office, "divisions?within=510000", ENGLISH)
    assert prefectures["510700"] == {"code": "510700", "title": "Mianyang Shi", "divided": True}
    counties = await listed(office, "divisions?within=510700")
    assert counties["510703"] == {"code": "510703", "title": "涪城区", "divided": False}
    assert await listed(office, "divisions?within=510703") == {}


@together
@pytest.mark.parametrize(
    ("within", "inside"),
    [("110000", "110101"), ("500000", "500229"), ("429000", None), ("420000", "429004"), ("460000", "469001")],
)
async def test_a_county_without_a_prefecture_stands_right_in_its_province(
    office: Door, within: str, inside: str | None
) -> None:
    if inside:
        assert inside in await listed(office, f"divisions?within={within}")
    else:
        told = (await office.anyone.get(f"/v1/lists/divisions?within={within}")).problem(400, "invalid-parameter")
        assert told["parameter"] == "within"


@together
@pytest.mark.parametrize(
    "typed", ["涪城", "涪城区", "fucheng", "Fu cheng", "FUCHENG mianyang", "四川 涪城", "510703", "绵阳市涪城区"]
)
async def test_a_division_is_found_as_people_type_it_with_its_full_name(office: Door, typed: str) -> None:
    assert (await listed(office, f"divisions?q={typed}"))["510703"]["title"] == "四川省绵阳市涪城区"
    told = (await listed(office, f"divisions?q={typed}", ENGLISH))["510703"]["title"]
    assert told == "Fucheng Qu, Mianyang Shi, Sichuan Sheng"


@together
async def test_a_search_within_a_division_finds_nothing_outside(office: Door) -> None:
    assert set(await listed(office, "divisions?q=朝阳&within=110000")) == {"110105"}
    first = list((await listed(office, "divisions?q=朝阳")).values())[:4]
    assert [one["title"] for one in first] == [
        "北京市朝阳区",
        "辽宁省朝阳市",
        "辽宁省朝阳市朝阳县",
        "吉林省长春市朝阳区",
    ]


@together
async def test_a_search_finds_a_bounded_number_and_what_begins_so_first(office: Door) -> None:
    found = await listed(office, "divisions?q=a")
    assert len(found) == MAX_FOUND
    assert await listed(office, "divisions?q=没有这个地方") == {}
    assert list(await listed(office, "countries?q=圭亚那")) == ["GUY", "GUF"]


@together
@pytest.mark.parametrize("asked", ["within=51070", "within=000000", "within=999999", "within=x", f"q={'长' * 61}"])
async def test_what_is_no_division_is_told(office: Door, asked: str) -> None:
    (await office.anyone.get(f"/v1/lists/divisions?{asked}", headers=CHINESE)).problem(400, "invalid-parameter")


@together
async def test_a_nationality_is_none_of_a_region_and_may_be_lacking(office: Door) -> None:
    nationalities, countries = await listed(office, "nationalities"), await listed(office, "countries")
    assert countries.keys() - nationalities.keys() == {"HKG", "MAC", "TWN"}
    assert nationalities.keys() - countries.keys() == {"XXA"}
    assert countries["TWN"]["title"] == "中国台湾"
    assert (await listed(office, "countries", ENGLISH))["KHM"]["title"] == "Cambodia"


@together
async def test_peoples_are_found_in_both_languages(office: Door) -> None:
    assert (await listed(office, "peoples"))["01"]["title"] == "汉族"
    assert set(await listed(office, "peoples?q=uygur", ENGLISH)) == {"05"}
    assert set(await listed(office, "peoples?q=维吾尔", ENGLISH)) == {"05"}


def test_a_name_that_several_divisions_have_names_none() -> None:
    assert [division_named(one) for one in ("鼓楼区", "西湖区", "320106", "涪城区")] == [None, None, "320106", "510703"]
