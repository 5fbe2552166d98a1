"""What a guide says of the national list: elements with their words, days of two kinds, and the remedy."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from banshi.builtin.catalogue.elements import TITLES, WORDS
from banshi.builtin.catalogue.remedies import in_chinese
from banshi.builtin.checks.declarations.items import facts_are_known
from banshi.foundation.time.working_days import MAINLAND, Clock
from banshi.kernel.cases.clock import AllDays
from banshi.kernel.contract.elements import Elements
from banshi.testing import Door, open_door
from tests.town.departments import COURTS, both, department, item, write

ITEMS = {
    "by-law": "",
    "promised": "promised_days = 20",
    "listed": 'elements = { item_type = "confirmation", basic_code = "0001", complaints = { zh-CN = "甲", en = "A" } }',
    "at-once": "promised_days = 0",
    "a-permit": "promised_days = 5\napplication.permit = true",
    "said": 'promised_days = 0\nelements = { handling_type = "promised" }',
    "own-remedy": """
remedy.reconsideration = { zh-CN = "省厅", en = "the province" }
remedy.days = 15
remedy.court = { zh-CN = "中院", en = "the higher court" }
remedy.months = 3""",
    "final": """
remedy.kind = "final"
remedy.basis = [{ title = { zh-CN = "出境入境管理法", en = "Exit and Entry Law" }, article = "36" }]""",
    "nothing-decided": 'remedy.kind = "none"',
    "as-the-department": 'remedy.kind = "ordinary"',
    "one-way": 'remedy = { reconsideration = { zh-CN = "省厅", en = "the province" }, days = 3 }',
    "court-alone": 'remedy = { court = { zh-CN = "中院", en = "the higher court" } }',
    "own-words": """
remedy.text = { zh-CN = "十二小时内向检察院申诉。", en = "Turn to the procuratorate within 12 hours." }""",
}


def bench(code: str, **more: Any) -> str:
    return item(code, legal_days=60, legal_days_unit="calendar-day", **more)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder: Path = tmp_path_factory.mktemp("city")
    text = department(remedy=COURTS) + "".join(bench(code) + more + "\n" for code, more in ITEMS.items())
    async with open_door(folder, {"parks": write(folder, text, "")}) as door:
        yield door


together = pytest.mark.asyncio(loop_scope="module")

# -- days ------------------------------------------------------------------------------------------------------------

DAYS = st.dates(date(2019, 1, 1), date(2026, 10, 1))


@given(DAYS, st.integers(1, 90))
def test_a_time_in_all_days_ends_so_many_days_later_or_on_the_next_working_day(start: date, days: int) -> None:
    found = AllDays(MAINLAND).deadline(start, days)
    last = start + timedelta(days=days)
    assert MAINLAND.is_working_day(found.due_on)
    assert not any(MAINLAND.is_working_day(last + timedelta(days=n)) for n in range((found.due_on - last).days))
    assert [day.date for day in found.skipped] == [last + timedelta(days=n) for n in range((found.due_on - last).days)]
    assert (found.days, found.counted_from) == (days, start)


@given(DAYS, st.integers(1, 60), st.integers(0, 30), st.integers(1, 30))
def test_a_stop_of_so_many_days_gives_just_as_many(start: date, allowed: int, ran: int, stopped: int) -> None:
    calendar = AllDays(MAINLAND)
    ran = min(ran, allowed - 1)
    again = start + timedelta(days=ran + stopped)
    clock = Clock(allowed).start(start, calendar).stop(start + timedelta(days=ran), calendar).start(again, calendar)
    found = clock.deadline(calendar)
    assert found is not None
    assert found.due_on == MAINLAND.deadline(start + timedelta(days=allowed + stopped), 0).due_on


@together
@pytest.mark.parametrize(("code", "days", "unit"), [("by-law", 60, "calendar-day"), ("promised", 20, "working-day")])
async def test_a_case_counts_the_promised_days_or_else_the_legal_ones_each_in_its_unit(
    city: Door, code: str, days: int, unit: str
) -> None:
    wang = city.citizen("wang")
    guide = (await city.anyone.get(f"/v1/items/{code}")).ok()
    assert (guide["legal_days"], guide["legal_days_unit"]) == (60, "calendar-day")
    case = (await wang.post(f"/v1/items/{code}/cases", {"answers": {}})).created()
    case = (await wang.get(case["links"]["self"])).ok()
    deadline, today = case["deadline"], city.platform.today()
    # Its reasons count the same days; the name that says working days of either is the old one.
    for told in (deadline, deadline["explanation"]):
        assert (told["days"], told["working_days"], told["unit"]) == (days, days, unit)
    calendar = AllDays(city.platform.calendar) if unit == "calendar-day" else city.platform.calendar
    assert deadline["due_on"] == calendar.deadline(today, days).due_on.isoformat()


# -- elements --------------------------------------------------------------------------------------------------------


def test_every_element_has_a_title_and_every_code_its_words_in_both_languages() -> None:
    hints = get_type_hints(Elements)
    assert set(TITLES) == set(hints)
    choices = {name: get_args(hint)[0] for name, hint in hints.items() if get_args(hint)}
    coded = {name: {*get_args(one)} for name, one in choices.items() if get_origin(one) is Literal}
    assert {name: {*words} for name, words in WORDS.items()} == coded
    for texts in [*TITLES.values(), *(text for words in WORDS.values() for text in words.values())]:
        assert texts["zh-CN"]
        assert texts["en"]


@together
async def test_a_guide_has_the_elements_that_are_known_and_no_others(city: Door) -> None:
    listed = (await city.anyone.get("/v1/items/listed", headers={"Accept-Language": "zh-CN"})).ok()["elements"]
    assert listed == [
        {"name": "item_type", "title": "事项类型", "code": "confirmation", "value": "行政确认"},
        {"name": "basic_code", "title": "基本编码", "code": None, "value": "0001"},
        {"name": "complaints", "title": "监督投诉方式", "code": None, "value": "甲"},
    ]
    assert (await city.anyone.get("/v1/items/by-law")).ok()["elements"] == []


@together
@pytest.mark.parametrize(
    ("code", "elements"),
    [
        ("promised", {"handling_type": "promised"}),
        ("at-once", {"handling_type": "immediate"}),
        ("a-permit", {"item_type": "permit", "handling_type": "promised"}),
        # What the department says comes first, whatever follows from the rest.
        ("said", {"handling_type": "promised"}),
    ],
)
async def test_what_follows_from_the_declaration_is_told_and_not_written_twice(
    city: Door, code: str, elements: dict[str, str]
) -> None:
    told = (await city.anyone.get(f"/v1/items/{code}")).ok()["elements"]
    assert {one["name"]: one["code"] for one in told} == elements
    registry = city.platform.registry
    rule: Any = inspect.unwrap(facts_are_known)
    ((_, missing, _),) = rule(registry, registry.items.get(code))
    assert "elements.service_area" in missing
    assert not [name for name in elements if f"elements.{name}" in missing]


async def test_a_department_says_once_what_its_items_have_in_common_and_an_item_says_otherwise(tmp_path: Path) -> None:
    """And the strict check misses none of it any more."""
    text = department(exercise_level="county", complaints=both("拨打12345", "Call 12345"), remedy=COURTS)
    text += bench("plain") + bench("own", elements={"exercise_level": "city", "result_type": "licence"})
    async with open_door(tmp_path, {"parks": write(tmp_path, text, "")}) as door:
        for code, level, missing in (("plain", "县级", {"result_type"}), ("own", "市级", set())):
            guide = (await door.anyone.get(f"/v1/items/{code}", headers={"Accept-Language": "zh-CN"})).ok()
            told = {one["name"]: one["value"] for one in guide["elements"]}
            assert (told["exercise_level"], told["complaints"]) == (level, "拨打12345")
            assert told.get("result_type") == (None if missing else "证照")
            rule: Any = inspect.unwrap(facts_are_known)
            registry = door.platform.registry
            ((_, asked, _),) = rule(registry, registry.items.get(code))
            assert "elements.power_source" in asked
            assert not [name for name in ("exercise_level", "complaints") if f"elements.{name}" in asked]
            assert ("elements.result_type" in asked) == bool(missing)


# -- remedies --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "words"),
    [(6, "六"), (10, "十"), (15, "十五"), (60, "六十"), (100, "一百"), (105, "一百零五"), (365, "三百六十五")],
)
def test_numbers_are_written_as_decisions_write_them(number: int, words: str) -> None:
    assert in_chinese(number) == words


@together
async def test_a_guide_says_the_departments_remedy_or_its_own(city: Door) -> None:
    department = (await city.anyone.get("/v1/departments/parks", headers={"Accept-Language": "en"})).ok()
    guide = (await city.anyone.get("/v1/items/by-law", headers={"Accept-Language": "en"})).ok()
    assert guide["remedy"] == department["remedy"]
    assert guide["remedy"]["text"] == (
        "If you do not accept this decision, you may apply to the People's Government of Sample City for administrative"
        " reconsideration within 60 days of receiving it, or file a lawsuit with the Sample Court within 6 months."
    )
    own = (await city.anyone.get("/v1/items/own-remedy", headers={"Accept-Language": "zh-CN"})).ok()["remedy"]
    assert (own["days"], own["months"]) == (15, 3)
    told = "如不服本决定，可自收到本决定之日起十五日内向省厅申请行政复议，或者三个月内向中院提起行政诉讼。"
    assert own["text"] == told


@together
@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        (
            "final",
            "依照《出境入境管理法》第三十六条，本决定为最终决定。",
            "By article 36 of the Exit and Entry Law, this decision is final.",
        ),
        (
            "one-way",
            "如不服本决定，可自收到本决定之日起三日内向省厅申请行政复议。",
            "apply to the province for administrative reconsideration within 3 days of receiving it.",
        ),
        (
            "court-alone",
            "如不服本决定，可自收到本决定之日起六个月内向中院提起行政诉讼。",
            "file a lawsuit with the higher court within 6 months of receiving it.",
        ),
        ("own-words", "十二小时内向检察院申诉。", "Turn to the procuratorate within 12 hours."),
    ],
)
async def test_an_item_says_the_remedy_that_its_law_has(city: Door, code: str, zh: str, en: str) -> None:
    for language, words in (("zh-CN", zh), ("en", en)):
        remedy = (await city.anyone.get(f"/v1/items/{code}", headers={"Accept-Language": language})).ok()["remedy"]
        assert remedy["text"].endswith(words)
        assert remedy["kind"] == ("final" if code == "final" else "ordinary")
        assert (remedy["days"], remedy["months"]) == {"one-way": (3, None), "court-alone": (None, 6)}.get(
            code, (None,) * 2
        )


@together
async def test_where_nothing_is_decided_nobody_is_named_and_an_ordinary_remedy_is_the_departments(city: Door) -> None:
    assert (await city.anyone.get("/v1/items/nothing-decided")).ok()["remedy"] is None
    department = (await city.anyone.get("/v1/departments/parks")).ok()["remedy"]
    assert (await city.anyone.get("/v1/items/as-the-department")).ok()["remedy"] == department
