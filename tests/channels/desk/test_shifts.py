"""When somebody sits at a desk: the city's calendar, and days that its lead gives other hours."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from banshi.foundation.database.opening import open_store
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.tables.cases import Case
from banshi.testing import Door, Person
from desk import banshi_tables
from desk.rounds import go_round
from desk.tables.models import Enquiry
from tests.channels.chatting import Chatter
from tests.channels.desk.bureau import (
    CITY,
    DEPARTMENTS,
    DESKS,
    EACH_DATABASE,
    ENQUIRIES,
    WORKDAY,
    Clock,
    bureau,
    calls,
    given,
    officer,
)

DESK = "/v1/desk/desks"

#: A moment, and whether both desks are open: the first on working days, the second on Saturdays too.
MOMENTS = {
    "a working morning": ("2026-11-25T10:00", True, True),
    "before it opens": ("2026-11-25T08:59:59", False, False),
    "at noon": ("2026-11-25T12:00", False, False),
    "a Saturday": ("2026-11-28T10:00", False, True),
    "a Saturday worked for a holiday": ("2026-10-10T10:00", True, True),
    "a Sunday": ("2026-11-29T10:00", False, False),
    "the first of October, a Thursday": ("2026-10-01T10:00", False, False),
    "a Saturday within the holiday": ("2026-10-03T10:00", False, False),
}


async def test_a_shift_follows_the_calendar(door: Door) -> None:
    lead, told = officer(door, "chen", "petitions:desk-lead", "fire:desk"), dict[str, Any]()
    for name, (at, *_) in MOMENTS.items():
        Clock(door, datetime.fromisoformat(at).replace(tzinfo=CITY))
        desks = {one["code"]: one["open"] for one in (await lead.get(DESK)).ok()["items"]}
        told[name] = (at, desks["reception"], desks["fire"])
    assert told == MOMENTS


@given(at=datetime(2026, 10, 1, 10, 0, tzinfo=CITY))
async def test_a_lead_gives_a_day_other_hours_and_takes_them_back(door: Door) -> None:
    lead = officer(door, "chen", "petitions/reception:desk-lead")
    day = f"{DESK}/reception/days/2026-10-01"

    async def told() -> str:
        return (await calls(door, "first")).said[-1]

    assert "is closed now" in await told()
    for hours in (["9:00-11:00"], ["9:00-12:00", "22:00-23:59"]):
        assert (await lead.put(day, {"hours": hours})).ok()["hours"] == hours
    (desk,) = (await lead.get(DESK)).ok()["items"]
    assert desk["open"]
    assert desk["shifts"][1]["ends"] == "2026-10-02T00:00:00.000+08:00"
    assert (await lead.delete(day)).status == 204
    assert not (await lead.get(DESK)).ok()["items"][0]["open"]
    assert (await lead.put(f"{DESK}/reception/days/2026-10-08", {"hours": []})).ok()
    (desk,) = (await lead.get(DESK)).ok()["items"]
    assert desk["opens_at"] == "2026-10-09T09:00:00.000+08:00"


async def test_one_who_sits_at_a_desk_sets_no_days_of_it_and_nobody_those_of_another(door: Door) -> None:
    for who in (officer(door, "li"), officer(door, "zhao", "fire:desk-lead")):
        day = await who.put(f"{DESK}/reception/days/2026-10-01", {"hours": []})
        assert day.problem(404, "not-found")
        phrase = await who.put(
            f"{DESK}/reception/phrases/hello", {"texts": {"zh-CN": "您好。", "en": "Good day."}, "version": 0}
        )
        assert phrase.problem(404, "not-found")


@EACH_DATABASE
async def test_a_phrase_has_versions_and_of_two_who_change_it_one_is_told(door: Door, li: Person) -> None:
    lead = officer(door, "chen", "petitions:desk-lead")
    phrases = f"{DESK}/reception/phrases"
    texts = {"zh-CN": "请带身份证原件。", "en": "Bring your ID card."}
    assert (await lead.put(f"{phrases}/bring-id", {"texts": texts, "version": 0})).ok()["version"] == 1
    newer = {**texts, "en": "Please bring your ID card."}
    assert (await lead.put(f"{phrases}/bring-id", {"texts": newer, "version": 1})).ok()["version"] == 2
    assert (await lead.put(f"{phrases}/bring-id", {"texts": texts, "version": 1})).problem(409, "conflict")
    assert [one["texts"] for one in (await li.get(phrases)).ok()["items"]] == [newer]
    assert (await lead.delete(f"{phrases}/bring-id")).status == 204
    assert (await li.get(phrases)).ok()["items"] == []


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "desk-of-nobody": ({"unit": "no-such"}, "desk-of-nobody"),
    "no department": ({"department": "circus"}, "desk-of-nobody"),
    "no item": ({"item": "no-such"}, "desk-item"),
    "no field": ({"field": "files"}, "desk-item"),
    "twice": ({"code": "fire"}, "desk-twice"),
    "hours": ({"hours": {"workday": ["9:00-8:00"]}}, "wrong-setting"),
    "a day": ({"hours": {"someday": ["9:00-10:00"]}}, "wrong-setting"),
    "one language": ({"title": {"en": "Enquiries"}}, "wrong-setting"),
    "an item alone": ({"field": ""}, "wrong-setting"),
    "a code": ({"code": "Über"}, "wrong-setting"),
}


@pytest.mark.parametrize(("change", "rule"), WRONG.values(), ids=WRONG.keys())
async def test_a_desk_that_can_t_be_stops_the_start_and_is_named(
    change: dict[str, Any], rule: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        async with bureau(tmp_path, desks=[{**DESKS[0], **change}, DESKS[1]]):
            pass
    found = {(one.plugin, one.rule) for one in wrong.value.findings}
    assert {plugin for plugin, _ in found} <= {"conversations", "desk"}
    assert any(rule in one for _, one in found), found
    assert "desks" in str(wrong.value)


@given(desks=[])
async def test_without_a_desk_the_numbers_of_people_are_told_and_the_words_become_a_question(door: Door) -> None:
    chatter = Chatter(door, "zh-CN")
    await chatter.is_linked("wang", name="王小明")
    told = await chatter.send("转人工客服")
    assert "现在没有人工在线" in told.text
    assert {"110", "12345"} <= set(re.findall(r"\d+", told.text))
    assert "9:00–17:00" in told.text, "when somebody is there"
    for line in ("孩子上户口要带什么材料呢", "户政", "孩子上户口", "0", "1"):
        await chatter.send(line)
    (case,) = await Case.all()
    assert case.answers["question"] == "孩子上户口要带什么材料呢"
    # Whoever means something else than a question goes on with that.
    await chatter.send("真人")
    assert await chatter.state() == "leaving-word"
    await chatter.send("菜单")
    assert await chatter.state() == "menu"


async def test_whoever_is_at_an_item_comes_to_the_desk_of_its_department(door: Door) -> None:
    chatter = Chatter(door, "en")
    await chatter.is_linked("wang", name="Wang")
    await chatter.begin("Question to the police")
    assert await chatter.state() == "asking"
    assert "Enquiries: you are number 1" in (await chatter.send("person")).text
    # What they had begun waits for them.
    await chatter.send("cancel")
    assert "Area of work" in (await chatter.send("continue")).text


async def test_what_the_alert_rules_ask_for_is_among_the_metrics(tmp_path: Path) -> None:
    rules = re.findall(
        r"banshi_desk_\w+", (DEPARTMENTS.parents[1] / "docs/operations/monitoring.md").read_text("utf-8")
    )
    async with bureau(tmp_path) as door:
        clock, li = Clock(door, WORKDAY), officer(door, "li")
        chatter = await calls(door, "first")
        clock.on(minutes=4)
        await go_round(door.platform)
        (one,) = (await li.get(ENQUIRIES)).ok()["items"]
        (await li.post(f"{ENQUIRIES}/{one['id']}/claim")).ok()
        (await li.post(f"{ENQUIRIES}/{one['id']}/answers", {"text": "Good day."})).created()
        await chatter.send("hello?")
        shown = (await door.anyone.get("/metrics")).body.decode()
        assert rules
        missing = {name for name in rules if name not in shown} - {"banshi_desk_officers"}
        assert not missing
        unanswered = re.search(r'banshi_desk_oldest_unanswered_seconds\{desk="reception"\} (\S+)', shown)
        assert unanswered is not None
        assert 240 <= float(unanswered[1]) < 241
        assert 'banshi_desk_first_answer_seconds_bucket{desk="reception",le="180.0"} 0.0' in shown
        assert 'banshi_desk_first_answer_seconds_bucket{desk="reception",le="300.0"} 1.0' in shown


async def test_who_asks_as_the_desk_opens_is_not_shut_out_by_a_round_from_a_moment_before(door: Door) -> None:
    clock = Clock(door, WORKDAY.replace(hour=9))
    chatter = await calls(door, "first")
    clock.at = WORKDAY.replace(hour=8, minute=59, second=59)
    await go_round(door.platform)
    assert await chatter.state() == "waiting"


async def test_whose_time_is_over_is_read_off_an_index_by_each_round(empty_database: str) -> None:
    """Every few seconds, however many were closed in half a year."""
    async with open_store(empty_database, {"desk": banshi_tables()}) as store, in_transaction() as connection:
        about = "EXPLAIN QUERY PLAN " if store.dialect == "sqlite" else "EXPLAIN "
        overdue = Enquiry.filter(state="held", lease_until__lt=WORKDAY).using_db(connection)
        sql = overdue.sql(params_inline=True)
        if store.dialect == "postgres":
            # A table without rows would be read whole.
            await connection.execute_query("SET LOCAL enable_seqscan = off")
        plan = await connection.execute_query_dict(about + sql)
        assert "desk_enquiry_lease" in str([dict(row) for row in plan])
