"""The worklist's rows for every client: whose turn it is, what is looked for, how many wait, and what would be sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.audit.models import CaseReading
from banshi.builtin.worklist import looking
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kernel.tables.passes import Pass
from banshi.testing import Door, Person, open_door
from tests.banshi.builtin.paging import pages_of
from tests.channels.site.staff.workbench import LI, ZHAO, handed_in, open_parks, token_of
from tests.conftest import good_answers
from tests.places import TRAFFIC

WORK, COUNTS = "/v1/worklist", "/v1/worklist/counts"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_parks(tmp_path) as opened:
        yield opened


async def rows(person: Person, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.get(WORK + query)).ok()["items"]
    return found


# -- rows ------------------------------------------------------------------------------------------------------------


async def test_a_row_says_whose_it_is_without_a_name_and_what_its_reader_may_do(door: Door) -> None:
    case = await handed_in(door)
    (row,) = await rows(token_of(door, LI))
    assert (row["id"], row["applicant"], row["subject"]) == (case["id"], {"name": "王**"}, "*2345")
    assert [(one["action"], one["forward"]) for one in row["actions"]] == [
        ("approve", True),
        ("refuse", False),
        ("return", False),
        ("suspend", False),
    ]
    assert row["second_person"] is None
    (row,) = await rows(door.staff("sun", "parks:reviewer"))
    assert [one["action"] for one in row["actions"]] == ["return", "suspend"], "by role"
    assert await CaseReading.all().count() == 0


async def test_after_a_first_step_the_row_says_who_took_it_and_whose_turn_it_is(door: Door) -> None:
    case = await handed_in(door, "hall")
    li, zhao = token_of(door, LI), token_of(door, ZHAO)
    (await li.post(f"/v1/cases/{case['id']}/actions/recommend")).ok()
    (own,), (other,) = await rows(li), await rows(zhao)
    assert (own["second_person"]["account"], own["second_person"]["own"]) == ("li", True)
    assert (other["second_person"]["action"], other["second_person"]["own"]) == ("recommend", False)
    assert "approve" not in [one["action"] for one in own["actions"]]
    assert "approve" in [one["action"] for one in other["actions"]]
    shown = (await zhao.get(f"/v1/cases/{case['id']}")).ok()
    assert shown["second_person"] == other["second_person"]
    assert {one["action"] for one in other["actions"]} == {one["action"] for one in shown["permitted_actions"]}
    mine = (await door.citizen("wang", "王小明").get(f"/v1/cases/{case['id']}")).ok()
    assert "second_person" not in mine, "an officer's account is nothing of a citizen's"


# -- what is looked for ----------------------------------------------------------------------------------------------


async def test_filters_find_what_they_say_and_nothing_of_others(door: Door) -> None:
    bench, hall = await handed_in(door, "bench"), await handed_in(door, "hall", "李四", plate="川B99999")
    pond = await handed_in(door, "pond")
    li, green = token_of(door, LI), door.staff("green", "parks/green:reviewer")
    due = bench["deadline"]["due_on"]
    for query, wanted in {
        "?item=pond": [pond],
        "?state=accepted": [bench, hall, pond],
        "?state=nothing": [],
        "?item=bench&state=submitted": [],
        f"?due={due}": [bench, hall, pond],
        "?due=2020-01-01": [],
        "?q=小明": [bench, pond],
        "?q=李四": [hall],
        "?q=川B99999": [hall],
        "?q=川b 99999": [hall],
        "?q=B99999": [],
        f"?q={hall['number'][-9:]}": [hall],
        f"?q={hall['number']}": [hall],
        "?q=··": [],
        "?q=小明&item=pond": [pond],
    }.items():
        assert {one["id"] for one in await rows(li, query)} == {one["id"] for one in wanted}, query
    assert {one["id"] for one in await rows(green, "?q=小明")} == {bench["id"]}
    assert await rows(green, f"?q={pond['number']}") == [], "another unit's"


async def test_a_whole_number_finds_a_case_that_waits_for_nobody_any_more(door: Door) -> None:
    case, li = await handed_in(door), token_of(door, LI)
    (await li.post(f"/v1/cases/{case['id']}/actions/approve")).ok()
    assert await rows(li) == []
    (row,) = await rows(li, f"?q= {case['number'].lower()} ")
    assert row["actions"][0]["action"] == "revoke"
    for other in (door.staff("sun", "parks/blue:reviewer"), door.staff("wang", "parks:reviewer")):
        assert await rows(other, f"?q={case['number']}") == [], "another unit's, and one's own"


async def test_what_is_found_by_a_name_counts_as_read_and_what_is_found_by_a_number_does_not(door: Door) -> None:
    case, other = await handed_in(door), await handed_in(door, "bench", "李四")
    li = token_of(door, LI)
    await rows(li, f"?q={other['number']}")
    await rows(li, "?q=无此人")
    assert await CaseReading.all().count() == 0
    await rows(li, "?q=王小明")
    assert [str(one.case_id) for one in await CaseReading.all()] == [case["id"]]


async def test_a_whole_number_is_found_whatever_else_is_asked(door: Door) -> None:
    case, li = await handed_in(door), token_of(door, LI)
    for query in ("due=2020-01-01", "state=returned", "item=hall"):
        assert [one["id"] for one in await rows(li, f"?q={case['number']}&{query}")] == [case["id"]], query


async def test_a_search_goes_on_behind_what_it_has_opened(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "LOOKED_AT", 3)
    named = [(await handed_in(door, "bench", "李四" if number % 4 else "王小明"))["id"] for number in range(12)]
    pages = await pages_of(token_of(door, LI), WORK, q="王小明", limit="2")
    seen = [one["id"] for page in pages for one in page]
    assert sorted(seen) == sorted(one for number, one in enumerate(named) if number % 4 == 0)
    assert len(pages) > 3


@pytest.mark.parametrize(
    "query", ["?q=王", f"?q={'王' * 65}", "?due=morgen", "?due=2026-02-30", "?item=" + "a" * 65, "?nonsense=1"]
)
async def test_what_is_no_question_is_refused_with_its_parameter(door: Door, query: str) -> None:
    (await token_of(door, LI).get(WORK + query)).problem(400, "invalid-parameter")


# -- counts ----------------------------------------------------------------------------------------------------------


async def test_counts_are_those_of_the_list_for_whoever_asks(door: Door) -> None:
    late, today = await handed_in(door, "bench"), await handed_in(door, "hall")
    await handed_in(door, "pond")
    now = door.platform.today()
    await Case.filter(id=late["id"]).update(urgency=now - timedelta(days=1), due_on=now - timedelta(days=1))
    await Case.filter(id=today["id"]).update(urgency=now, due_on=now)
    li = token_of(door, LI)
    for person, total in (
        (li, 3),
        (door.staff("g", "parks/green:reviewer"), 2),
        (door.staff("wang", "parks:approver"), 0),
    ):
        counted = (await person.get(COUNTS)).ok()
        listed = await rows(person)
        assert counted["total"] == len(listed) == total
        assert sum(one["count"] for one in counted["states"]) == sum(one["count"] for one in counted["items"]) == total
    assert (counted := (await li.get(COUNTS)).ok())
    assert (counted["overdue"], counted["due_today"]) == (1, 1)
    assert [(one["state"], one["count"]) for one in counted["states"]] == [("accepted", 3)]
    assert {one["item"]["code"] for one in counted["items"]} == {"bench", "hall", "pond"}
    (await door.citizen("wang").get(COUNTS)).problem(403, "forbidden")
    (await door.officer("chen", "parks").get(COUNTS)).problem(403, "forbidden")


# -- what an action would send ---------------------------------------------------------------------------------------


async def test_a_preview_is_what_the_citizen_reads_then_and_leaves_nothing_behind(door: Door) -> None:
    case, li = await handed_in(door), token_of(door, LI)
    link = f"/v1/cases/{case['id']}/actions/return"
    before = await OutboxRow.all().count(), await CaseEvent.all().count()
    told = (await li.post(f"{link}/preview", {"reason": "请补充照片"})).ok()
    assert (told["action"], told["state"], told["deadline"]["running"]) == ("return", "returned", False)
    assert "请补充照片" in told["message"]["body"]
    assert (await OutboxRow.all().count(), await CaseEvent.all().count()) == before
    assert (await Case.get(id=case["id"])).state == "accepted"
    (await li.post(link, {"reason": "请补充照片"})).ok()
    await door.settled()
    sent = (await door.citizen("wang", "王小明").get(f"/v1/inbox?case={case['id']}")).ok()["items"][-1]
    assert {name: sent[name] for name in ("title", "body")} == told["message"]


async def test_a_preview_of_a_pass_takes_no_number_and_says_its_days(tmp_path: Path) -> None:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins) as door:
        wang, li = door.citizen("wang"), door.staff("li", "traffic:reviewer", "traffic:approver")
        made = (await wang.post("/v1/items/zone-pass/begin", {"answers": await good_answers(wang)})).created()["case"]
        await door.settled()
        link, number = f"/v1/cases/{made['id']}/actions/approve", await door.platform.store.take_number("pass")
        told = [(await li.post(f"{link}/preview", {})).ok() for _ in range(3)]
        assert await Pass.all().count() == 0
        (await li.post(link, {})).ok()
        assert (await Pass.get(case_id=made["id"])).number == number + 1
        await door.settled()
        sent = (await wang.get(f"/v1/inbox?case={made['id']}")).ok()["items"][-1]
        assert [one["message"]["body"] for one in told] == [sent["body"]] * 3


async def test_a_preview_is_refused_as_the_action_itself(door: Door) -> None:
    case, li = await handed_in(door), token_of(door, LI)
    link = f"/v1/cases/{case['id']}/actions"
    (await li.post(f"{link}/return/preview", {})).problem(422, "invalid-fields")
    (await li.post(f"{link}/resume/preview", {})).problem(409, "action-not-permitted")
    (await door.staff("sun", "parks:reviewer").post(f"{link}/approve/preview", {})).problem(409, "action-not-permitted")
    (await door.staff("sun", "parks/blue:approver").post(f"{link}/approve/preview", {})).problem(404, "not-found")
    (await door.citizen("wang", "王小明").post(f"{link}/approve/preview", {})).problem(403, "forbidden")
    (await li.post(f"{link}/withdraw/preview", {})).problem(409, "action-not-permitted")
    read = await CaseReading.all()
    assert {one.reader for one in read} == {"li", "sun"}, "whoever looks at what would be sent has read it"


async def test_an_action_on_a_case_as_it_was_read_is_refused_once_it_has_moved_on(door: Door) -> None:
    case, li = await handed_in(door), token_of(door, LI)
    at = f"/v1/cases/{case['id']}"
    assert "version" not in case, "it is staff's"
    version = (await li.get(at)).ok()["version"]
    (await token_of(door, ZHAO).post(f"{at}/actions/return", {"reason": "另一个号牌"})).ok()
    body = {"answers": {"plate": "川B99999"}}
    (await door.citizen("wang", "王小明").post(f"{at}/actions/supplement", body)).ok()
    await door.settled()
    for link in (f"{at}/actions/approve", f"{at}/actions/approve/preview"):
        (await li.post(link, {"version": version})).problem(409, "conflict")
    assert (await Case.get(id=case["id"])).state == "accepted"
    version = (await li.get(at)).ok()["version"]
    (await li.post(f"{at}/actions/approve", {"version": version})).ok()


async def test_where_nobody_is_told_anything_the_preview_says_so(door: Door) -> None:
    case = await handed_in(door, "hall")
    told = (await token_of(door, LI).post(f"/v1/cases/{case['id']}/actions/recommend/preview", {})).ok()
    assert (told["message"], told["state"]) == (None, "recommended")
