"""Every day that the city's forms ask for: what no calendar of a department has is refused, for people and programs."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema  # type: ignore[import-untyped]
import pytest

from banshi import Item
from banshi.testing import Door, Person, open_door
from tests.plugins import filling
from tests.plugins.test_departments import (
    FOLDERS,
    forms,
    made_up,
    put,
    registry_of,
    snapshot,
    tip_pictures,
    with_files,
)

CITY = ZoneInfo("Asia/Shanghai")
LIMITS = ("x-not-before", "x-not-after")
DAYS = {"date", "date-time"}

#: Fields that may be of any day, by item and pointer, each with the reason.
UNLIMITED: Mapping[tuple[str, str], str] = {}


def fields(schema: Any, pointer: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every field of a form that is of a day, with its pointer into answers that have one entry in each list."""
    if schema.get("format") in DAYS:
        yield pointer, schema
    for name, one in schema.get("properties", {}).items():
        yield from fields(one, f"{pointer}/{name}")
    if "items" in schema:
        yield from fields(schema["items"], f"{pointer}/0")


def items_with_days() -> list[Any]:
    found = [one for one in registry_of(FOLDERS).items.values() if one.form and any(fields(one.form.schema))]
    return [pytest.param(one, id=one.code) for one in found]


def test_every_field_of_a_day_has_both_limits_or_a_reason_why_not() -> None:
    looked_at, without = 0, set()
    for item in registry_of(FOLDERS).items.values():
        for pointer, schema in fields(item.form.schema) if item.form else ():
            looked_at += 1
            if not all(keyword in schema for keyword in LIMITS):
                without.add((item.code, pointer))
    assert looked_at >= 54
    assert without == UNLIMITED.keys()


def test_no_field_of_a_day_stands_where_it_is_not_looked_for() -> None:
    """The walk above finds all that a search of the text finds."""
    for item in registry_of(FOLDERS).items.values():
        if item.form:
            assert str(item.form.schema).count("'format': 'date") == len(list(fields(item.form.schema))), item.code


@pytest.mark.parametrize("item", forms())
def test_a_validator_of_anybody_else_reads_the_form_and_takes_right_answers(item: Item) -> None:
    assert item.form is not None
    schema = dict(item.form.schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(filling.filled(schema, made_up()))) == []


def said(item: Item, answers: Any, at: datetime) -> dict[str, set[str]]:
    """The limits that are broken, by field."""
    assert item.form is not None
    found: dict[str, set[str]] = {}
    for problem in item.form.problems(answers, at=at):
        if problem.code in LIMITS:
            found.setdefault(problem.pointer, set()).add(problem.code)
    return found


@pytest.mark.parametrize("clock", [time(0, 1), time(12), time(23, 59)])
@pytest.mark.parametrize("item", items_with_days())
def test_each_field_takes_the_days_between_its_limits_and_no_other(item: Item, clock: time) -> None:
    """At both ends of the day in the city, around each limit, around today, and at both ends of sense."""
    assert item.form is not None
    answers = filling.filled(item.form.schema, made_up())
    for today in (date(2026, 11, 27), date(2028, 2, 29), date(2027, 12, 31), date(2031, 3, 1)):
        at = datetime.combine(today, clock, CITY)
        for pointer, schema in fields(item.form.schema):
            first, last = (filling.limit(schema[keyword], today) for keyword in LIMITS)
            near = [one + timedelta(days=days) for one in (first, last, today) for days in (-1, 0, 1)]
            for day in (date(1900, 1, 1), date(2999, 12, 31), date.min, date.max, *near):
                changed = copy.deepcopy(answers)
                put(changed, pointer, filling.written(day, schema))
                wrong = {keyword for keyword, out in zip(LIMITS, (day < first, day > last), strict=True) if out}
                assert said(item, changed, at).get(pointer, set()) == wrong, (pointer, day, at)


def everywhere(item: Item, answers: Any, day: date) -> Any:
    """The answers with that day in every field of a day."""
    assert item.form is not None
    changed = copy.deepcopy(answers)
    for pointer, schema in fields(item.form.schema):
        put(changed, pointer, filling.written(day, schema))
    return changed


async def hands_in(door: Door, item: Item, person: Person) -> tuple[Person, str, dict[str, Any]]:
    """Who hands in what the item asks for, where, and right answers with their files."""
    assert item.form is not None
    links = (await door.anyone.get(f"/v1/items/{item.code}")).ok()["links"]
    if "submit" not in links and "tip" in links:
        return door.anyone, links["tip"], filling.filled(item.form.schema, iter(await tip_pictures(door, 9)))
    address = links["submit"] if "submit" in links else links["post_publicly"]
    return person, address, await with_files(person, item, snapshot())


async def test_nonsense_in_every_field_of_a_day_is_refused_by_every_item_of_the_city(tmp_path: Path) -> None:
    """It was 201 for 39 of 40 items, and 35 were accepted."""
    async with open_door(tmp_path, {one.name: one for one in FOLDERS}) as door:
        tried = 0
        for item in door.platform.registry.items.values():
            if item.form is None or not (pointers := {pointer for pointer, _ in fields(item.form.schema)}):
                continue
            li = door.citizen("li", name="李示例", resident_id=filling.NUMBER)
            person, address, answers = await hands_in(door, item, li)
            for day, code in ((date(1900, 1, 1), LIMITS[0]), (date(2999, 12, 31), LIMITS[1])):
                reply = await person.post(address, {"answers": everywhere(item, answers, day)})
                problems = reply.problem(422, "invalid-fields")["problems"]
                assert {(one["pointer"], one["code"]) for one in problems} == {
                    (f"/answers{pointer}", code) for pointer in pointers
                }, item.code
            (await person.post(address, {"answers": answers})).created()
            tried += 1
        assert tried >= 40


# -- the day on which it comes in --------------------------------------------------------------------------------------

ZONE_PASS = "/v1/items/zone-pass/cases"
MIDNIGHT = datetime(2028, 2, 29, 0, 0, tzinfo=CITY)
DAY = timedelta(days=1)


def turn(door: Door, to: datetime) -> None:
    door.platform.now = lambda: to.astimezone(UTC)


def days(first: date, last: date) -> dict[str, str]:
    return {"valid_from": first.isoformat(), "valid_until": last.isoformat()}


async def test_today_begins_at_the_city_s_midnight(bare_door: Door, answers: Any) -> None:
    wang, leap = bare_door.citizen("wang"), MIDNIGHT.date()
    for minutes, right in ((-1, leap - DAY), (0, leap), (1_439, leap), (1_440, leap + DAY)):
        turn(bare_door, MIDNIGHT + timedelta(minutes=minutes))
        for offset in (-1, 0, 1):
            first = right + offset * DAY
            given = await answers(wang, **days(first, right + 5 * DAY))
            reply = await wang.post(ZONE_PASS, {"answers": given})
            assert reply.status == (422 if offset < 0 else 201), first


async def test_what_came_in_before_midnight_is_looked_at_after_it_as_on_its_own_day(
    bare_door: Door, answers: Any
) -> None:
    """Sent again with its key, checked after an outage, returned, corrected, approved: the day of receipt counts."""
    turn(bare_door, MIDNIGHT - timedelta(minutes=1))
    wang, officer = bare_door.citizen("wang"), bare_door.staff("li", "traffic:reviewer", "traffic:approver")
    first = MIDNIGHT.date() - timedelta(days=1)
    given = await answers(wang, **days(first, first + timedelta(days=20)))
    handed_in = (await wang.post(ZONE_PASS, {"answers": given}, key="once")).created()
    turn(bare_door, MIDNIGHT + timedelta(minutes=1))
    await bare_door.settled()
    link = handed_in["links"]["self"]
    assert (await wang.get(link)).ok()["state"] == "accepted"
    again = await wang.post(ZONE_PASS, {"answers": given}, key="once")
    assert (again.status, again.created()["id"]) == (201, handed_in["id"])
    turn(bare_door, MIDNIGHT + timedelta(days=3))
    (await officer.post(f"{link}/actions/return", {"reason": "请写明货物"})).ok()
    corrected = {**given, "purpose": "为社区超市配送蔬菜和水果"}
    earlier = {**corrected, "valid_from": (first - timedelta(days=1)).isoformat()}
    told = (await wang.post(f"{link}/actions/supplement", {"answers": earlier})).problem(422, "invalid-fields")
    assert [(one["pointer"], one["code"]) for one in told["problems"]] == [("/answers/valid_from", "x-not-before")]
    (await wang.post(f"{link}/actions/supplement", {"answers": corrected})).ok()
    await bare_door.settled()
    assert (await officer.post(f"{link}/actions/approve")).ok()["state"] == "approved"


@pytest.mark.parametrize("hours", range(-3, 4))
async def test_an_approval_is_offered_until_the_pass_s_last_midnight_and_works_while_it_is(
    bare_door: Door, answers: Any, hours: int
) -> None:
    wang, officer = bare_door.citizen("wang"), bare_door.staff("li", "traffic:reviewer", "traffic:approver")
    turn(bare_door, MIDNIGHT - timedelta(days=2))
    last = MIDNIGHT.date() - timedelta(days=1)
    given = await answers(wang, **days(last, last))
    case = (await wang.post(ZONE_PASS, {"answers": given})).created()
    await bare_door.settled()
    turn(bare_door, MIDNIGHT + timedelta(hours=hours))
    link = case["links"]["self"]
    offered = [one["action"] for one in (await officer.get(link)).ok()["permitted_actions"]]
    reply = await officer.post(f"{link}/actions/approve")
    assert ("approve" in offered) is (hours < 0)
    if hours < 0:
        assert reply.ok()["state"] == "approved"
    else:
        assert reply.problem(409, "conflict")["permitted_actions"] == offered


# -- for people and for programs ---------------------------------------------------------------------------------------


async def test_the_limits_stand_in_the_guide_in_the_reader_s_language_and_in_the_description(bare_door: Door) -> None:
    for language, first, last in (
        ("zh-CN", "不得早于今天，不得晚于1年后。", "不得早于今天，不得晚于15个月后。 不得早于“起始日期”。"),
        ("en", "Not before today, not after 1 year from today.", "15 months from today. Not before “First day”."),
    ):
        guide = (await bare_door.anyone.get("/v1/items/zone-pass", headers={"Accept-Language": language})).ok()
        asked = guide["form"]["properties"]
        assert asked["valid_from"]["description"] == first
        assert asked["valid_until"]["description"].endswith(last)
        assert asked["valid_from"]["x-not-before"] == "today"
        assert guide["form"]["x-in-order"] == ["valid_from", "valid_until"]
    described = (await bare_door.anyone.get("/openapi.json")).ok()
    body = described["paths"][ZONE_PASS]["post"]["requestBody"]["content"]["application/json"]["schema"]
    first_day = body["properties"]["answers"]["properties"]["valid_from"]
    assert first_day["description"] == "First day. Not before today, not after 1 year from today."
    assert (first_day["x-not-before"], first_day["x-not-after"]) == ("today", "+1y")
