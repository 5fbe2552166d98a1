"""Permits as their law has them: acceptance by a person or by time, one request for all that is missing, a clock that
stops for what article 45 names alone, and three ends with their own words.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
import pytest_asyncio

from banshi.builtin.checks.declarations.kinds import table_faults
from banshi.builtin.passes.keys import KEYRING
from banshi.foundation.errors import Conflict
from banshi.foundation.time.working_days import MAINLAND
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.actions import words_of
from banshi.kernel.contract.values import LANGUAGES, Message
from banshi.kernel.outbox import outbox
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kinds.application import ApplicationRules
from banshi.kinds.application.deemed import accept_overdue, is_overdue
from banshi.kinds.application.permits import CAUSES, DAYS_TO_ASK
from banshi.kinds.application.steps import ACTIONS, OUTCOMES, STATES, TABLE, steps
from banshi.testing import Door, open_door
from tests.town.departments import COURTS, PASS, both, claim, department, item, write

SHANGHAI = ZoneInfo("Asia/Shanghai")


CODE = """
from banshi import Application, Decision, hookimpl


class Checked(Application):
    async def review(self, submission):
        return Decision(action="accept")


@hookimpl
def banshi_handlers():
    return {"checked": Checked()}
"""


class World:
    """A department with permits, and one item that is none."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.wang = door.citizen("wang")
        self.staff = door.staff("li", "parks:reviewer", "parks:approver")
        #: Every message that a step has given.
        self.told: list[Message] = []

    def at(self, moment: datetime | None) -> None:
        self.door.platform.now = (lambda: moment) if moment else (lambda: datetime.now(UTC))

    def on(self, day: date, hour: int = 10) -> None:
        self.at(datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI))

    async def handed_in(self, code: str = "permit") -> str:
        case = (await self.wang.post(f"/v1/items/{code}/cases", {"answers": {"what": "x"}})).created()
        return str(case["links"]["self"])

    async def seen(self, link: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.wang.get(link)).ok()
        return found

    async def offered(self, link: str) -> list[str]:
        return [one["action"] for one in (await self.staff.get(link)).ok()["permitted_actions"]]

    async def act(self, link: str, action: str, **body: Any) -> dict[str, Any]:
        done: dict[str, Any] = (await self.staff.post(f"{link}/actions/{action}", body)).ok()
        return done

    async def round(self) -> None:
        await accept_overdue(self.door.platform)

    async def supplement(self, link: str) -> None:
        (await self.wang.post(f"{link}/actions/supplement", {"answers": {"what": "y"}})).ok()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder: Path = tmp_path_factory.mktemp("city")
    items: dict[str, dict[str, bool]] = {
        "permit": {"permit": True},
        "two": {"permit": True, "second_person": True},
        "checked": {"permit": True},
        "bench": {},
        "fine": {"contestable": True},
    }
    credential = {"longest_days": 60, "claims": [claim("what", "什么", "What", source="/what")]}
    what = {"type": "string", "maxLength": 50, "title": both("什么", "What")}
    usual = {"promised_days": 10, "result": PASS, "credential": credential, "fields": {"what": what}}
    text = department(remedy=COURTS)
    for code, rules in items.items():
        text += item(code, code, code, required=["what"], application=rules, **usual)
    async with open_door(folder, {"parks": write(folder, text, CODE)}) as door:
        # The key that signs passes has to be older than the moments to which the clock is turned.
        await door.platform.store.connection.execute_query("UPDATE banshi_signing_key SET signs_from = '2020-01-01'")
        door.platform[KEYRING].forget()
        world = World(door)
        yield world
        world.at(None)


@pytest.fixture
def world(opened: World, monkeypatch: pytest.MonkeyPatch) -> World:
    opened.at(None)
    rows = outbox.message_rows

    def recorded(platform: Any, message: Message, **more: Any) -> Any:
        opened.told.append(message)
        return rows(platform, message, **more)

    monkeypatch.setattr(outbox, "message_rows", recorded)
    return opened


together = pytest.mark.asyncio(loop_scope="module")


def fifth(start: date) -> date:
    """The fifth working day after a day, counted with the public calendar alone."""
    left = DAYS_TO_ASK
    while left:
        start += timedelta(days=1)
        left -= chinese_calendar.is_workday(start)
    return start


# -- the table -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("second_person", [False, True])
def test_the_table_of_permits_holds_and_has_words(second_person: bool) -> None:
    table = steps(ApplicationRules(permit=True, second_person=second_person))
    assert not list(table_faults(table))
    assert {step.action for step in table} <= ACTIONS.keys()
    assert {state for step in table for state in (step.state, step.to)} <= STATES.keys()
    # What an application could be in before has a way on still, whatever the item is by now.
    before = {step.state for step in steps(ApplicationRules(second_person=second_person))}
    assert before <= {step.state for step in table}
    assert {step.to for step in table} - {step.state for step in table} <= OUTCOMES.keys()


@pytest.mark.parametrize("second_person", [False, True])
def test_after_acceptance_nothing_more_is_asked_for(second_person: bool) -> None:
    table = steps(ApplicationRules(permit=True, second_person=second_person))
    assert [step.state for step in table if step.action == "return"] == ["submitted"]


def test_what_is_no_permit_is_returned_and_suspended_as_before() -> None:
    table = steps(ApplicationRules())
    assert table == TABLE
    assert {step.state for step in table if step.action == "return"} == {"submitted", "accepted"}
    assert all(step.takes is None for step in table)


# -- acceptance ------------------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize("code", ["permit", "checked"])
async def test_a_permit_is_accepted_by_a_person_and_its_clock_runs_from_then_on(world: World, code: str) -> None:
    world.on(date(2026, 3, 2))
    link = await world.handed_in(code)
    await asyncio.sleep(0)
    seen = await world.seen(link)
    assert (seen["state"], seen["deadline"]["running"]) == ("submitted", False)
    assert await world.offered(link) == ["accept", "decline", "return"]
    world.on(date(2026, 3, 4))
    await world.act(link, "accept")
    deadline = (await world.seen(link))["deadline"]
    assert deadline["due_on"] == MAINLAND.deadline(date(2026, 3, 4), 10).due_on.isoformat()


def test_on_whatever_day_it_comes_in_it_is_accepted_by_time_after_the_fifth_working_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Standing:
        calendar = MAINLAND
        day = date(2026, 1, 1)

        def today(self) -> date:
            return self.day

    platform: Any = Standing()
    for n in range(366):
        received = date(2025, 1, 1) + timedelta(days=n)
        platform.day = received
        while not is_overdue(platform, received):
            platform.day += timedelta(days=1)
        assert platform.day == fifth(received) + timedelta(days=1), received


@together
@pytest.mark.parametrize(
    "received", [date(2026, 3, 2), date(2026, 9, 29), date(2026, 10, 10), date(2026, 2, 13), date(2026, 3, 7)]
)
async def test_where_nothing_was_said_in_time_it_is_accepted_as_of_its_receipt(world: World, received: date) -> None:
    world.on(received, 23)
    link = await world.handed_in()
    last = fifth(received)
    world.on(last, 23)
    await world.round()
    assert (await world.seen(link))["state"] == "submitted"
    world.on(last + timedelta(days=1), 0)
    await world.round()
    await world.round()
    seen = await world.seen(link)
    assert seen["state"] == "accepted"
    assert seen["deadline"]["due_on"] == MAINLAND.deadline(received, 10).due_on.isoformat()
    assert [one["action"] for one in seen["timeline"]] == ["submit", "deem-accepted"]


@together
async def test_once_the_days_are_over_nothing_can_be_asked_for_or_declined_and_a_person_accepts_as_of_the_receipt(
    world: World,
) -> None:
    world.on(date(2026, 3, 2))
    link = await world.handed_in()
    world.on(date(2026, 3, 10))
    # The round has not come by yet.
    assert await world.offered(link) == ["accept"]
    for action in ("return", "decline"):
        problem = (await world.staff.post(f"{link}/actions/{action}", {"reason": "缺材料"})).problem(409, "conflict")
        assert "五个工作日已过" in problem["detail"]
    await world.act(link, "accept")
    deadline = (await world.seen(link))["deadline"]
    assert deadline["due_on"] == MAINLAND.deadline(date(2026, 3, 2), 10).due_on.isoformat()


@together
async def test_nobody_takes_it_as_accepted_before_its_time(world: World) -> None:
    world.on(date(2026, 3, 2))
    link = await world.handed_in()
    (await world.staff.post(f"{link}/actions/deem-accepted", {})).problem(409, "action-not-permitted")
    with pytest.raises(Conflict, match="still time"):
        await lifecycle.move(world.door.platform, link.rpartition("/")[2], "deem-accepted", actors.SYSTEM)


@together
async def test_of_a_person_and_the_round_at_once_one_accepts(world: World) -> None:
    world.on(date(2026, 3, 2))
    link = await world.handed_in()
    world.on(date(2026, 3, 10))
    await asyncio.gather(
        world.round(), world.staff.post(f"{link}/actions/accept", {}), world.round(), return_exceptions=True
    )
    seen = await world.seen(link)
    assert (seen["state"], len(seen["timeline"])) == ("accepted", 2)
    assert seen["deadline"]["due_on"] == MAINLAND.deadline(date(2026, 3, 2), 10).due_on.isoformat()


# -- the receipt -----------------------------------------------------------------------------------------------------


def all_told(world: World, link: str) -> list[str | None]:
    """The states of the steps that somebody was told of, in order."""
    return [one.state for one in world.told if one.case_id == link.rpartition("/")[2]]


@together
@pytest.mark.parametrize(
    ("code", "received", "last", "words"),
    [
        ("permit", date(2026, 3, 2), "2026年3月9日", "9 March 2026"),
        # Over the days off of the National Day; and by night, when it is still the day before in UTC.
        ("checked", date(2026, 9, 29), "2026年10月12日", "12 October 2026"),
        ("two", date(2026, 10, 10), "2026年10月16日", "16 October 2026"),
    ],
)
async def test_whoever_applies_for_a_permit_has_a_dated_receipt_that_says_until_when_they_are_answered(
    world: World, code: str, received: date, last: str, words: str
) -> None:
    world.on(received, 1)
    link = await world.handed_in(code)
    number = (await world.seen(link))["number"]
    assert all_told(world, link) == ["submitted"]
    told = told_of(world, link, "submitted")
    day = f"{received.year}年{received.month}月{received.day}日"
    assert f"公园处已于{day}收到您的申请，编号为{number}" in told["zh-CN"]
    assert f"最迟于{last}告知您是否受理，或者一次性告知需要补正的全部内容" in told["zh-CN"]
    assert number in told["en"]
    assert f"By {words} you are told" in told["en"]
    assert last == f"{fifth(received).year}年{fifth(received).month}月{fifth(received).day}日"


@together
async def test_the_receipt_is_in_the_inbox_of_whoever_handed_it_in_once_however_often_it_is_sent(world: World) -> None:
    world.at(None)
    body, key = {"answers": {"what": "x"}}, {"Idempotency-Key": "permit-receipt-0001"}
    made = [(await world.wang.post("/v1/items/permit/cases", body, headers=key)).created() for _ in range(2)]
    assert made[0]["id"] == made[1]["id"]
    rows = await OutboxRow.filter(topic=outbox.MESSAGE)
    about = [row.payload["state"] for row in rows if row.payload.get("case_id") == made[0]["id"]]
    assert about == ["submitted"] * len(world.door.platform.registry.channels)


@together
async def test_corrections_have_a_receipt_of_their_own(world: World) -> None:
    world.on(date(2026, 3, 2))
    link = await world.handed_in()
    await world.act(link, "return", reason="请补正全部材料")
    world.on(date(2026, 4, 1))
    await world.supplement(link)
    assert all_told(world, link) == ["submitted", "returned", "supplemented"]
    told = told_of(world, link, "supplemented")
    assert "已于2026年4月1日收到您的补正材料" in told["zh-CN"]
    assert "最迟于2026年4月9日告知您是否受理" in told["zh-CN"]
    assert "By 9 April 2026" in told["en"]


@together
async def test_what_is_no_permit_is_told_of_its_acceptance_alone(world: World) -> None:
    link = await world.handed_in("bench")
    assert all_told(world, link) == ["accepted"]


# -- what is missing -------------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize("code", ["permit", "checked", "two"])
async def test_what_is_missing_is_asked_for_once_and_the_days_begin_anew_with_it(world: World, code: str) -> None:
    world.on(date(2026, 3, 2))
    link = await world.handed_in(code)
    (await world.staff.post(f"{link}/actions/return", {})).problem(422, "invalid-fields")
    await world.act(link, "return", reason="请补正全部材料")
    world.on(date(2026, 4, 1))
    await world.round()
    assert (await world.seen(link))["state"] == "returned"
    await world.supplement(link)
    assert (await world.seen(link))["state"] == "supplemented"
    assert await world.offered(link) == ["accept", "decline"]
    (await world.staff.post(f"{link}/actions/return", {"reason": "再补"})).problem(409, "action-not-permitted")
    world.on(fifth(date(2026, 4, 1)))
    await world.round()
    assert (await world.seen(link))["state"] == "supplemented"
    world.on(fifth(date(2026, 4, 1)) + timedelta(days=1))
    await world.round()
    seen = await world.seen(link)
    assert seen["state"] == "accepted"
    assert seen["deadline"]["due_on"] == MAINLAND.deadline(date(2026, 4, 1), 10).due_on.isoformat()


@together
async def test_what_was_returned_after_acceptance_before_the_rule_goes_on_with_what_was_left(world: World) -> None:
    """A case that was under way when its item was not yet known as a permit."""
    world.on(date(2026, 3, 2))
    link = await world.handed_in()
    await Case.filter(id=link.rpartition("/")[2]).update(state="returned", clock_used=4, clock_since=None)
    world.on(date(2026, 3, 20))
    await world.supplement(link)
    await world.act(link, "accept")
    deadline = (await world.seen(link))["deadline"]
    assert deadline["due_on"] == MAINLAND.deadline(date(2026, 3, 20), 6).due_on.isoformat()


# -- what stops the clock --------------------------------------------------------------------------------------------


@together
@pytest.mark.parametrize("cause", CAUSES)
async def test_the_clock_stops_for_what_the_law_names_and_the_citizen_reads_what_and_how_long(
    world: World, cause: str
) -> None:
    world.on(date(2026, 3, 2))
    link = await world.handed_in()
    await world.act(link, "accept")
    world.on(date(2026, 3, 4))
    await world.act(link, "suspend", reason="依法进行", details={"cause": cause, "days": 12})
    world.on(date(2026, 3, 20))
    await world.act(link, "resume")
    deadline = (await world.seen(link))["deadline"]
    assert deadline["due_on"] == MAINLAND.deadline(date(2026, 3, 20), 8).due_on.isoformat()
    told = told_of(world, link, "suspended")
    assert f"需要进行{CAUSES[cause]['zh-CN']}，预计12个工作日" in told["zh-CN"]
    assert CAUSES[cause]["en"] in told["en"]


@together
@pytest.mark.parametrize(
    "details",
    [
        *(None, {}, {"cause": "holiday", "days": 3}, {"cause": "hearing"}, {"cause": "hearing", "days": 0}),
        *({"cause": "hearing", "days": 10_000}, {"cause": "hearing", "days": "3 Tage"}),
        {"cause": "hearing", "days": 3, "x": 1},
    ],
)
async def test_the_clock_stops_for_nothing_else(world: World, details: Any) -> None:
    world.on(date(2026, 3, 2))
    link = await world.handed_in()
    await world.act(link, "accept")
    body = {"reason": "等待", **({} if details is None else {"details": details})}
    (await world.staff.post(f"{link}/actions/suspend", body)).problem(422, "invalid-fields")
    assert (await world.seen(link))["deadline"]["running"] is True


# -- decisions and ends ----------------------------------------------------------------------------------------------

REMEDY = {
    "zh-CN": "可自收到本决定之日起六十日内向示例市人民政府申请行政复议，或者六个月内向示例法院提起行政诉讼。",
    "en": "within 60 days of receiving it, or file a lawsuit with the Sample Court within 6 months.",
}


def told_of(world: World, link: str, state: str) -> dict[str, str]:
    """The last message about a case's step to a state, in both languages."""
    found = [one for one in world.told if one.case_id == link.rpartition("/")[2] and one.state == state]
    return {language: f"{found[-1].title[language]}\n{found[-1].body[language]}" for language in LANGUAGES}


@together
@pytest.mark.parametrize(
    ("code", "action", "words"),
    [
        ("permit", "decline", ("决定不予受理", "not to accept")),
        ("permit", "refuse", ("决定不予许可", "refuse the permit")),
        ("bench", "refuse", ("决定不予办理", "not to grant")),
        ("permit", "revoke", ("撤销", "revoked")),
        ("permit", "take-back", ("情况发生变化", "taken back")),
        ("permit", "cancel", ("注销", "cancelled")),
        ("bench", "take-back", ("撤回", "compensation")),
    ],
)
async def test_whatever_is_decided_against_somebody_says_why_and_whom_to_turn_to(
    world: World, code: str, action: str, words: tuple[str, str]
) -> None:
    world.on(date(2026, 3, 2))
    link = await world.handed_in(code)
    if code == "permit" and action != "decline":
        await world.act(link, "accept")
    if action not in {"decline", "refuse"}:
        await world.act(link, "approve")
    done = await world.act(link, action, reason="不符合条件")
    told = told_of(world, link, done["state"])
    for language, own in zip(("zh-CN", "en"), words, strict=True):
        assert own in told[language]
        assert "不符合条件" in told[language]
        assert REMEDY[language] in told[language]


@together
async def test_an_approval_that_somebody_may_not_accept_says_whom_to_turn_to_and_another_does_not(world: World) -> None:
    """A penalty is what the application leads to: its approval named neither authority nor court."""
    world.on(date(2026, 3, 2))
    for code in ("fine", "bench"):
        link = await world.handed_in(code)
        done = await world.act(link, "approve")
        told = told_of(world, link, done["state"])
        for language, words in REMEDY.items():
            assert (words in told[language]) is (code == "fine")


@together
@pytest.mark.parametrize(
    ("code", "action", "title", "label"),
    [
        ("permit", "refuse", "不予许可", "不予许可"),
        ("bench", "refuse", "不予办理", "不予办理"),
        ("permit", "approve", "准予许可", "准予许可"),
        ("bench", "approve", "已通过", "通过"),
    ],
)
async def test_a_decision_on_a_permit_is_called_as_its_law_calls_it_wherever_it_is_shown(
    world: World, code: str, action: str, title: str, label: str
) -> None:
    """Its message said 不予许可, and the case, its button and the department's list of roles 不予办理."""
    world.on(date(2026, 3, 2))
    link = await world.handed_in(code)
    if code == "permit":
        await world.act(link, "accept")
    chinese = {"Accept-Language": "zh-CN"}
    offered = (await world.staff.get(link, headers=chinese)).ok()["permitted_actions"]
    step = next(one for one in offered if one["action"] == action)
    assert (step["label"], step["leads_to_title"]) == (label, title)
    await world.act(link, action, reason="因故")
    seen = (await world.wang.get(link, headers=chinese)).ok()
    assert (seen["state_title"], seen["timeline"][-1]["state_title"]) == (title, title)
    assert seen["timeline"][-1]["action_title"] == label
    listed = (await world.wang.get("/v1/cases", headers=chinese)).ok()["items"]
    assert next(one for one in listed if one["links"]["self"] == link)["state_title"] == title


@together
async def test_a_granted_permit_is_told_as_a_decision_and_anything_else_as_an_approval(world: World) -> None:
    world.on(date(2026, 3, 2))
    for code, words in (
        ("permit", ("准予许可", "公园处于2026年3月2日决定准予许可。", "decided to grant the permit.")),
        ("bench", ("已批准", "您的申请已于2026年3月2日获得批准。", "Your application was approved")),
    ):
        link = await world.handed_in(code)
        if code == "permit":
            await world.act(link, "accept")
        await world.act(link, "approve")
        told = told_of(world, link, "approved")
        assert words[0] in told["zh-CN"].splitlines()[0]
        assert words[1] in told["zh-CN"]
        assert words[2] in told["en"]
        assert "通行证自2026年3月2日起生效" in told["zh-CN"]


@together
async def test_a_department_lists_each_step_once_in_the_words_of_each_of_its_items(world: World) -> None:
    """It had the kind's words alone: what a department of permits does was 不予办理 and 通过."""
    chinese = {"Accept-Language": "zh-CN"}
    roles = (await world.door.anyone.get("/v1/departments/parks", headers=chinese)).ok()["roles"]
    for one in roles:
        rows = [(step["kind"], step["action"], step["label"]) for step in one["actions"]]
        assert len(rows) == len({*rows})
    labels = {(step["action"], step["label"]) for one in roles for step in one["actions"]}
    assert {label for action, label in labels if action == "refuse"} == {"不予许可", "不予办理"}
    assert {label for action, label in labels if action == "approve"} == {"准予许可", "通过"}
    assert {label for action, label in labels if action == "accept"} == {"受理"}


@together
async def test_a_case_whose_item_is_of_another_kind_now_reads_the_words_of_its_own(world: World) -> None:
    """Its item's details are no longer those of the case's kind, and say nothing of its words."""
    registry = world.door.platform.registry
    permit = next(one for one in registry.items.each() if one.kind == "application" and one.details.permit)
    appeal, application = registry.kinds["appeal"], registry.kinds["application"]
    for _ in range(2):
        assert words_of(appeal, permit) == (appeal.states, appeal.actions)
        assert words_of(application, permit)[1]["refuse"]["zh-CN"] == "不予许可"


@together
@pytest.mark.parametrize(
    ("action", "state", "title"),
    [("revoke", "revoked", "已撤销"), ("take-back", "taken-back", "批准已撤回"), ("cancel", "cancelled", "已注销")],
)
async def test_after_each_end_of_a_pass_the_officer_reads_which_it_was(
    world: World, action: str, state: str, title: str
) -> None:
    link = await world.handed_in("bench")
    await world.act(link, "approve")
    text = (await world.wang.get(f"{link}/pass.txt")).body.decode()
    officer = world.door.staff("zhao", "parks:officer")
    before = (await officer.post("/v1/passes/verify", {"text": text})).ok()
    assert (before["verdict"], before["ended"], before["ended_title"]) == ("valid", None, None)
    await world.act(link, action, reason="因故")
    after = (await officer.post("/v1/passes/verify", {"text": text})).ok()
    assert (after["verdict"], after["ended"], after["ended_title"]) == ("revoked", state, title)
    assert title.removeprefix("批准").removeprefix("已") in after["detail"]
    seen = (await world.wang.get(f"{link}/scans")).ok()["items"]
    assert [one["verdict_title"] for one in seen] == [title, "有效"]
    for again in ("revoke", "take-back", "cancel", "close"):
        (await world.staff.post(f"{link}/actions/{again}", {"reason": "x"})).problem(409, "action-not-permitted")
