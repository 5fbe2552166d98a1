"""Limits of days in a form: what is right on which day, in which zone, and what an author may write."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from zoneinfo import ZoneInfo

import jsonschema
import numpy
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from banshi.forms import Form
from banshi.forms import days as days_module
from banshi.forms.days import MAX_YEARS, day_limit
from banshi.testing import open_door
from tests.banshi.forms.test_form_words import fault
from tests.places import ROOT
from tests.town.departments import department, item, write

CITY = ZoneInfo("Asia/Shanghai")
DAY: dict[str, Any] = {"type": "string", "format": "date"}
NOW = datetime(2026, 11, 27, 9, 30, tzinfo=CITY)
UNITS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}

TODAYS = st.dates(date(1900, 1, 1), date(2400, 12, 31))
DISTANCES = st.tuples(
    st.sampled_from("+-"), st.sampled_from([("d", 73_000), ("w", 10_000), ("m", 2_400), ("y", 200)])
).flatmap(lambda drawn: st.integers(1, drawn[1][1]).map(lambda count: f"{drawn[0]}{count}{drawn[1][0]}"))


def form(**limits: Any) -> Form:
    return Form.from_schema({"type": "object", "properties": {"day": {**DAY, **limits}}})


def codes(one: Form, answers: Any, at: datetime = NOW) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in one.problems(answers, at=at)]


# -- what is right -----------------------------------------------------------------------------------------------------


@given(today=TODAYS, written=DISTANCES)
def test_a_distance_leads_to_the_day_that_another_calendar_reckons(today: date, written: str) -> None:
    """python-dateutil is the judge, leap days and ends of months included."""
    count, unit = int(written[:-1]), written[-1]
    assert day_limit(written).on(today) == today + relativedelta(**{UNITS[unit]: count})  # type: ignore[arg-type]


@given(today=TODAYS, written=DISTANCES, keyword=st.sampled_from(["x-not-before", "x-not-after"]))
def test_the_day_of_the_limit_is_right_and_the_one_beyond_it_is_not(today: date, written: str, keyword: str) -> None:
    bound = today + relativedelta(**{UNITS[written[-1]]: int(written[:-1])})  # type: ignore[arg-type]
    beyond = bound + timedelta(days=-1 if keyword == "x-not-before" else 1)
    within, at = bound - (beyond - bound), datetime(today.year, today.month, today.day, 12, tzinfo=CITY)
    one = form(**{keyword: written})
    assert codes(one, {"day": bound.isoformat()}, at) == codes(one, {"day": within.isoformat()}, at) == []
    assert codes(one, {"day": beyond.isoformat()}, at) == [("/day", keyword)]


@pytest.mark.parametrize(
    ("today", "limit", "bound"),
    [
        ("2026-02-28", "-18y", "2008-02-28"),
        ("2026-03-01", "-18y", "2008-03-01"),
        ("2028-02-29", "-18y", "2010-02-28"),
        ("2028-02-29", "-4y", "2024-02-29"),
        ("2028-02-29", "+1y", "2029-02-28"),
        ("2026-03-31", "-1m", "2026-02-28"),
        ("2026-10-31", "+4m", "2027-02-28"),
        ("2027-12-31", "+2m", "2028-02-29"),
        ("2026-12-31", "+1d", "2027-01-01"),
        ("2026-01-01", "today", "2026-01-01"),
        ("2026-01-01", "2015-04-01", "2015-04-01"),
        ("0001-01-01", "-1d", "0001-01-01"),
        ("0100-01-01", "-130y", "0001-01-01"),
        ("9999-12-31", "+1d", "9999-12-31"),
        ("9998-12-31", "+200y", "9999-12-31"),
    ],
)
def test_leap_days_ends_of_months_and_the_calendar_s_own_ends(today: str, limit: str, bound: str) -> None:
    assert day_limit(limit).on(date.fromisoformat(today)) == date.fromisoformat(bound)


def test_whoever_was_born_on_a_leap_day_is_of_age_on_the_first_of_march() -> None:
    adults = form(**{"x-not-after": "-18y"})
    assert codes(adults, {"day": "2008-02-29"}, datetime(2026, 2, 28, 23, 59, tzinfo=CITY)) == [("/day", "x-not-after")]
    assert codes(adults, {"day": "2008-02-29"}, datetime(2026, 3, 1, 0, 0, tzinfo=CITY)) == []


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Urumqi", "Pacific/Kiritimati", "Pacific/Niue", "UTC"])
def test_today_is_the_day_of_the_zone_at_every_hour(zone: str) -> None:
    one = form(**{"x-not-before": "today", "x-not-after": "today"})
    days = [date(2026, 11, 27) + timedelta(offset) for offset in range(-3, 4)]
    hours = [datetime(2026, 11, 27, hour, 30, tzinfo=UTC).astimezone(ZoneInfo(zone)) for hour in range(24)]
    right = {at: [day for day in days if not codes(one, {"day": str(day)}, at)] for at in hours}
    assert right == {at: [at.date()] for at in hours}


def test_without_a_moment_the_day_is_this_machine_s_at_each_check() -> None:
    one = form(**{"x-not-before": "today", "x-not-after": "+1d"})
    assert one.problems({"day": date.today().isoformat()}) == ()
    assert one.problems({"day": (date.today() - timedelta(days=1)).isoformat()}) != ()


@given(st.datetimes(datetime(2026, 11, 20), datetime(2026, 12, 5)), st.integers(-14, 14))
def test_a_date_time_is_judged_by_its_day_in_the_city(naive: datetime, offset: int) -> None:
    text = f"{naive.isoformat(timespec='seconds')}{offset:+03d}:00"
    one = Form.from_schema({"type": "string", "format": "date-time", "x-not-before": "today", "x-not-after": "+2d"})
    day = datetime.fromisoformat(text).astimezone(CITY).date()
    assert (codes(one, text) == []) is (NOW.date() <= day <= NOW.date() + timedelta(days=2))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0001-01-01T00:00:00+14:00", [("", "x-not-before")]),
        ("9999-12-31T23:59:59-14:00", [("", "x-not-after")]),
        ("0000-01-01T00:00:00Z", [("", "format")]),
        ("2026-11-27T25:00:00Z", [("", "format")]),
        ("2026-11-27t01:00:00z", []),
        ("2026-11-27", [("", "format")]),
    ],
)
def test_the_ends_of_the_calendar_break_nothing(text: str, found: list[tuple[str, str]]) -> None:
    one = Form.from_schema({"type": "string", "format": "date-time", "x-not-before": "today", "x-not-after": "+1y"})
    assert codes(one, text) == found


@pytest.mark.parametrize("day", ["2026-02-30", "", "today", "0000-01-01", "2026-1-1", 20261127, None, ["2026-11-27"]])
def test_what_is_no_day_is_told_as_that_and_nothing_else(day: Any) -> None:
    found = codes(form(**{"x-not-before": "today", "x-not-after": "+1y"}), {"day": day})
    assert [code for _, code in found] in (["format"], ["type"])


# -- where it stands ---------------------------------------------------------------------------------------------------

LIMITED = {**DAY, "x-not-before": "today"}
PLACES: list[tuple[dict[str, Any], Any, str]] = [
    ({"properties": {"a": {"type": "object", "properties": {"b": LIMITED}}}}, {"a": {"b": "{}"}}, "/a/b"),
    ({"properties": {"a": {"type": "array", "items": LIMITED}}}, {"a": ["2026-12-27", "{}"]}, "/a/1"),
    ({"properties": {"a": {"prefixItems": [{}, LIMITED]}}}, {"a": [1, "{}"]}, "/a/1"),
    ({"properties": {"a": {"$ref": "#/$defs/day"}}, "$defs": {"day": LIMITED}}, {"a": "{}"}, "/a"),
    ({"properties": {"a": {"$ref": "#/$defs/d", "x-not-before": "today"}}, "$defs": {"d": DAY}}, {"a": "{}"}, "/a"),
    ({"properties": {"a": {"anyOf": [LIMITED, {"type": "null"}]}}}, {"a": "{}"}, "/a"),
    ({"properties": {"a": {"anyOf": [DAY, {"type": "null"}], "x-not-before": "today"}}}, {"a": "{}"}, "/a"),
    ({"properties": {"a": {"type": ["string", "null"], "format": "date", "x-not-before": "today"}}}, {"a": "{}"}, "/a"),
    ({"allOf": [{"properties": {"a": LIMITED}}]}, {"a": "{}"}, "/a"),
    (
        {
            "properties": {"sort": {"enum": ["plan", "past"]}, "a": DAY},
            "if": {"properties": {"sort": {"const": "plan"}}},
            "then": {"properties": {"a": LIMITED}},
        },
        {"sort": "plan", "a": "{}"},
        "/a",
    ),
    ({"dependentSchemas": {"b": {"properties": {"a": LIMITED}}}}, {"a": "{}", "b": 1}, "/a"),
    ({"additionalProperties": LIMITED}, {"x/y": "{}"}, "/x~1y"),
    ({"patternProperties": {"^d": LIMITED}}, {"day": "{}"}, "/day"),
]


def _with(answers: Any, day: str) -> Any:
    if isinstance(answers, dict):
        return {key: _with(one, day) for key, one in answers.items()}
    if isinstance(answers, list):
        return [_with(one, day) for one in answers]
    return day if answers == "{}" else answers


@pytest.mark.parametrize(("schema", "answers", "pointer"), PLACES)
def test_a_limit_holds_wherever_a_schema_can_put_it(schema: dict[str, Any], answers: Any, pointer: str) -> None:
    one = Form.from_schema({"type": "object", **schema})
    assert codes(one, _with(answers, "2026-11-27")) == []
    assert codes(one, _with(answers, "2026-11-26")) == [(pointer, "x-not-before")]
    if "then" in schema:
        assert codes(one, {"sort": "past", "a": "2026-11-26"}) == []
    # Made once, it goes by the day of each check.
    assert codes(one, _with(answers, "2026-11-27"), NOW + timedelta(days=1)) == [(pointer, "x-not-before")]
    assert codes(Form.checked(one.schema), _with(answers, "2026-11-26")) == [(pointer, "x-not-before")]
    # Anybody else's validator takes the keywords for annotations.
    jsonschema.Draft202012Validator.check_schema(dict(one.schema))
    assert jsonschema.Draft202012Validator(dict(one.schema)).is_valid(_with(answers, "1900-01-01"))


class Trip(BaseModel):
    model_config = {"json_schema_extra": {"x-in-order": ["first", "last"]}}

    first: Annotated[date, Field(json_schema_extra={"x-not-before": "today"})]
    last: Annotated[date, Field(json_schema_extra={"x-not-after": "+1y"})] | None = None
    stops: list[Annotated[date, Field(json_schema_extra={"x-not-before": "-1m"})]] = []


class Plan(BaseModel):
    sort: Literal["plan"]
    day: Annotated[date, Field(json_schema_extra={"x-not-before": "today"})]


class Record(BaseModel):
    sort: Literal["record"]
    day: Annotated[date, Field(json_schema_extra={"x-not-after": "today"})]


class Either(BaseModel):
    one: Annotated[Plan | Record, Field(discriminator="sort")]
    #: A pattern that the platform's own validator would refuse, which is the model's to read.
    code: Annotated[str, Field(json_schema_extra={"pattern": "^(?=a)"})] = ""


@pytest.mark.parametrize(
    ("model", "answers", "found"),
    [
        (Trip, {"first": "2026-11-27"}, []),
        (Trip, {"first": "2026-11-26"}, [("/first", "x-not-before")]),
        (Trip, {"first": "2026-11-28", "last": "2026-11-27"}, [("/last", "x-in-order")]),
        (Trip, {"first": "2026-11-28", "last": "2027-11-28"}, [("/last", "x-not-after")]),
        (Trip, {"first": "2026-11-28", "last": None}, []),
        (Trip, {"first": "2026-11-28", "stops": ["2026-10-27", "2026-10-26"]}, [("/stops/1", "x-not-before")]),
        (Trip, {"first": "no day"}, [("/first", "format")]),
        (Either, {"one": {"sort": "plan", "day": "2026-11-27"}}, []),
        (Either, {"one": {"sort": "plan", "day": "2026-11-26"}}, [("/one/day", "x-not-before")]),
        (Either, {"one": {"sort": "record", "day": "2026-11-26"}}, []),
        (Either, {"one": {"sort": "record", "day": "2026-11-28"}}, [("/one/day", "x-not-after")]),
    ],
)
def test_a_model_s_limits_hold_too(model: type[BaseModel], answers: Any, found: list[tuple[str, str]]) -> None:
    assert codes(Form.from_model(model), answers) == found


def test_a_model_with_a_wrong_limit_is_refused() -> None:
    class Wrong(BaseModel):
        day: Annotated[date, Field(json_schema_extra={"x-not-before": "18y"})]
        people: Annotated[int, Field(json_schema_extra={"x-not-after": "today"})]
        born: Annotated[date, Field(json_schema_extra={"x-not-befor": "today"})]

    with pytest.raises(ValueError, match="#/properties/day: x-not-before: '18y'") as caught:
        Form.from_model(Wrong)
    assert "#/properties/people: x-not-after is for days" in str(caught.value)
    assert "did you mean 'x-not-before'?" in str(caught.value)


# -- one after the other -----------------------------------------------------------------------------------------------

ORDER: dict[str, Any] = {
    "type": "object",
    "x-in-order": ["born", "from", "until"],
    "properties": {
        "born": DAY,
        "from": {"type": "string", "format": "date-time", "title": "开始"},
        "until": {"type": "string", "format": "date-time"},
    },
}


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"born": "2000-01-01", "from": "2026-11-27T09:00:00+08:00", "until": "2026-11-27T09:00:00+08:00"}, []),
        ({"from": "2026-11-27T09:00:00+08:00", "until": "2026-11-27T08:59:59+08:00"}, [("/until", "x-in-order")]),
        ({"from": "2026-11-27T09:00:00+08:00", "until": "2026-11-27T02:00:00Z"}, []),
        ({"born": "2026-11-27", "from": "2026-11-26T16:00:00Z"}, []),
        ({"born": "2026-11-27", "from": "2026-11-26T15:59:59Z"}, [("/from", "x-in-order")]),
        ({"born": "2026-11-27", "until": "2026-11-26T15:59:59Z"}, [("/until", "x-in-order")]),
        ({"born": "2026-11-27"}, []),
        ({"until": "2026-11-26T15:59:59Z"}, []),
        ({"born": "no day", "from": "2026-11-26T15:59:59Z"}, [("/born", "format")]),
        ([], [("", "type")]),
    ],
)
def test_none_may_be_earlier_than_the_one_before_it(answers: Any, found: list[tuple[str, str]]) -> None:
    assert codes(Form.from_schema(ORDER), answers) == found


# -- in words ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keyword", "limit", "day", "zh", "en"),
    [
        ("x-not-before", "today", "2026-11-26", "不得早于今天（2026年11月27日）。", "earlier than today (2026-11-27)."),
        ("x-not-after", "today", "2999-12-31", "不得晚于今天（2026年11月27日）。", "no later than today (2026-11-27)."),
        ("x-not-after", "-18y", "2026-01-01", "不得晚于18年前（2008年11月27日）。", "than 18 years ago (2008-11-27)."),
        ("x-not-after", "+90d", "2999-12-31", "不得晚于90天后（2027年2月25日）。", "90 days from today (2027-02-25)."),
        ("x-not-before", "-1m", "1900-01-01", "不得早于1个月前（2026年10月27日）。", "than 1 month ago (2026-10-27)."),
        ("x-not-before", "2015-04-01", "1900-01-01", "不得早于2015年4月1日。", "no earlier than 2015-04-01."),
    ],
)  # fmt: skip
def test_people_read_the_limit_and_the_day_that_it_is(keyword: str, limit: str, day: str, zh: str, en: str) -> None:
    one = form(**{keyword: limit})
    assert [one.problems({"day": day}, "zh-CN", at=NOW)[0].detail] == [zh]
    told = one.problems({"day": day}, "en", at=NOW)[0].detail
    assert told.endswith(en)
    assert day not in told, "what somebody wrote is not repeated"


SOON = {"x-not-before": "+1d", "x-not-after": "+1y"}


def test_the_field_s_description_says_it_before_anybody_has_written_anything() -> None:
    one = Form.from_schema(
        {
            "type": "object",
            "x-in-order": ["first", "last"],
            "properties": {
                "first": {
                    **DAY,
                    "title": "开始日期",
                    "description": "When.",
                    "x-not-before": "+1d",
                    "x-not-after": "+1y",
                },
                "last": DAY,
                "x-not-before": {"type": "integer"},
            },
            "$defs": {"born": {**DAY, "x-not-after": "-18y"}},
        }
    )
    zh, en = one.described("zh-CN"), one.described("en")
    assert zh["properties"]["first"]["description"] == "When. 不得早于1天后，不得晚于1年后。"
    assert en["properties"]["first"]["description"] == "When. Not before 1 day from today, not after 1 year from today."
    assert zh["properties"]["last"]["description"] == "不得早于“开始日期”。"
    assert en["$defs"]["born"]["description"] == "Not after 18 years ago."
    assert "description" not in one.schema["properties"]["last"], "what the author wrote stays as it is"
    assert en["properties"]["x-not-before"] == {"type": "integer"}, "a field may have that name"


# -- what an author reads ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        *("", "18y", "-18", "-18Y", "+ 1d", "−1d", "+1.5y", "+01d", "-0d", "tomorrow", "Today", " today", "+１d"),
        "+1d\n",
        *("+999999999y", f"+{MAX_YEARS + 1}y", f"-{MAX_YEARS * 12 + 1}m", "+99999d", "9" * 5_000 + "d", "2026-02-30"),
        *("0000-01-01", "10000-01-01", "20260101", 5, 1.5, True, None, [], ["today"], {"field": "first"}, 10**18),
    ],
)  # fmt: skip
def test_what_is_no_limit_is_refused_with_what_could_be(written: Any) -> None:
    for keyword in ("x-not-before", "x-not-after"):
        told = fault({"properties": {"day": {**DAY, keyword: written}}})
        assert f"#/properties/day: {keyword}: " in told
        assert "write 'today', a distance of at most 200 years such as '-18y'" in told
        assert len(told) < 400


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({**DAY, "x-not-befor": "today"}, "#: 'x-not-befor' is no keyword; did you mean 'x-not-before'?"),
        ({**DAY, "x-not-aftr": "today"}, "did you mean 'x-not-after'?"),
        ({"x-in-ordr": ["a", "b"]}, "did you mean 'x-in-order'?"),
        ({"type": "integer", "x-not-before": "today"}, '#: x-not-before is for days: write "type": "string"'),
        ({"type": "string", "x-not-after": "today"}, "x-not-after is for days"),
        ({"type": "string", "format": "time", "x-not-after": "today"}, "x-not-after is for days"),
        ({"type": "integer", "format": "date", "x-not-after": "today"}, "x-not-after is for days"),
        ({**DAY, "x-not-before": "+1d", "x-not-after": "today"}, "no day could be right: x-not-before '+1d' is later"),
        ({**DAY, "x-not-before": "+30d", "x-not-after": "+1m"}, "no day could be right"),
        ({**DAY, "x-not-before": "2020-01-02", "x-not-after": "2020-01-01"}, "no day could be right"),
        ({"x-in-order": ["a"], "properties": {"a": DAY}}, "x-in-order is a list of fields"),
        ({"x-in-order": ["a", "a"], "properties": {"a": DAY}}, "x-in-order is a list of fields"),
        ({"x-in-order": "a", "properties": {"a": DAY}}, "x-in-order is a list of fields"),
        ({"x-in-order": [["a"], 1], "properties": {"a": DAY}}, "x-in-order is a list of fields"),
        ({"x-in-order": ["a", "b"], "properties": {"a": DAY}}, "x-in-order names 'b', which is no field beside it"),
        ({"x-in-order": ["a", "b"]}, "names 'a', which is no field beside it; the fields are none"),
        ({"x-in-order": ["a", "b"], "properties": {"a": DAY, "b": {"type": "string"}}}, "names 'b', which is no day"),
    ],
)
def test_an_author_is_told_what_is_wrong_with_a_limit_and_where(schema: Any, told: str) -> None:
    assert told in fault(schema)


COUNTS = (1, 2, 6, 11, 12, 13, 16, 17, 18, 26, 28, 29, 30, 31, 59, 60, 61, 62, 89, 92, 200, 365, 366, 367, 730, 731)


def test_two_distances_contradict_each_other_where_they_do_on_any_day_of_four_years() -> None:
    """Most pairs are told apart without a look at a single day."""
    counted = [(count, unit) for count in COUNTS for unit in "dwmy" if unit != "y" or count <= MAX_YEARS]
    limits = [day_limit("today"), *(day_limit(f"{sign}{count}{unit}") for sign in "+-" for count, unit in counted)]
    every = days_module._EVERY_SORT_OF_DAY
    days = {one: numpy.array([one.on(today).toordinal() for today in every]) for one in limits}
    for first in limits:
        for last in limits:
            ever = bool((days[first] > days[last]).any())
            assert days_module._never.__wrapped__(first, last) is ever, (first, last)


def test_a_day_and_a_distance_are_not_compared_because_that_depends_on_when_it_is() -> None:
    for limits in (("today", "2020-01-01"), ("2020-01-01", "today")):
        form(**dict(zip(("x-not-before", "x-not-after"), limits, strict=True)))


# -- corrections -------------------------------------------------------------------------------------------------------


def test_a_day_that_stands_as_it_was_taken_is_not_refused_because_another_day_has_come() -> None:
    one = Form.from_schema(
        {"type": "object", "properties": {"day": LIMITED, "days": {"type": "array", "items": LIMITED}}}
    )
    later = NOW + timedelta(days=5)
    taken = {"day": "2026-11-27", "days": ["2026-11-28", "2026-11-29"]}
    assert [problem.pointer for problem in one.problems(taken, at=later)] == ["/day", "/days/0", "/days/1"]
    assert one.problems(taken, at=later, before=taken) == ()
    changed = {"day": "2026-11-26", "days": ["2026-11-28", "2026-11-30"]}
    assert [problem.pointer for problem in one.problems(changed, at=later, before=taken)] == ["/day", "/days/1"]
    assert [problem.pointer for problem in one.problems(taken, at=later, before={})] == ["/day", "/days/0", "/days/1"]


# -- everywhere --------------------------------------------------------------------------------------------------------


def test_wherever_the_platform_holds_something_against_a_form_it_says_when_it_came_in() -> None:
    """Without a moment, limits would be counted from the machine's day. Envelopes have no days."""
    found = []
    folders = ("platform", "libraries", "plugins", "mobile_push")
    texts = {file: file.read_text(encoding="utf-8") for folder in folders for file in (ROOT / folder).rglob("*.py")}
    asking = {file: text for file, text in texts.items() if re.search(r"\.\s*(problems|check)\b", text)}
    for file, text in asking.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not any(
                keyword.arg == "at" for keyword in node.keywords
            ):  # fmt: skip
                called = ast.unparse(node.func)
                if called.endswith((".form.problems", ".form.check", ".takes.problems", ".body.check")):
                    found.append(f"{file.relative_to(ROOT)}: {called}")
    assert found == []


LIMITED = {"type": "string", "format": "date", "x-not-before": "today", "x-not-after": date(2026, 12, 31)}


async def test_the_day_is_the_city_s_for_a_plugin_in_the_server_and_for_an_isolated_one(tmp_path: Path) -> None:
    """A day that TOML read as a date is a limit too."""
    parks = write(tmp_path, department() + item(fields={"day": LIMITED}), "")
    for isolated in cast("list[dict[str, Any]]", [{}, {"parks": {}}]):
        folder = tmp_path / ("apart" if isolated else "within")
        folder.mkdir()
        async with open_door(folder, {"parks": parks}, isolated=isolated) as door:
            door.platform.now = lambda: datetime(2026, 11, 27, 16, 30, tzinfo=UTC)  # in the city the 28th
            wang = door.citizen("wang")
            for day, code in (("2026-11-27", "x-not-before"), ("2027-01-01", "x-not-after")):
                reply = await wang.post("/v1/items/bench/cases", {"answers": {"day": day}})
                (told,) = reply.problem(422, "invalid-fields")["problems"]
                assert (told["pointer"], told["code"]) == ("/answers/day", code)
            (await wang.post("/v1/items/bench/cases", {"answers": {"day": "2026-11-28"}})).created()


def test_a_moment_is_one_only_as_the_standard_for_it_writes_hours_and_offsets() -> None:
    """RFC 3339, section 5.6: an hour is 00 to 23, also on a newer Python, and the minutes of an offset are 00 to 59."""
    one = Form.from_schema({"type": "string", "format": "date-time"})
    for right in ("2026-01-01T23:59:59+23:59", "2026-01-01t00:00:00.123456789z", "2026-01-01T00:00:00-00:00"):
        assert one.problems(right) == ()
    for wrong in ("2026-01-01T00:00:00+05:99", "2026-01-01T00:00:00+24:00", "2026-01-01T24:00:00Z"):
        assert [found.code for found in one.problems(wrong)] == ["format"]
