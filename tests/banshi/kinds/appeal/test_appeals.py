"""Appeals: handed in, read by a person, passed on, answered, rated, answered by somebody else; duplicates."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.audit.models import CaseReading
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.appeal.models import AppealRecord, Reply
from banshi.testing import open_door
from tests.readers.refusals import faults, refused
from tests.town.parts import APPEALS, appeals
from tests.town.town import Town, open_town, written

# -- handing in ------------------------------------------------------------------------------------------------------


async def test_an_appeal_has_a_number_and_a_day_for_its_answer_at_once(offices: Town, database: str) -> None:
    li = offices.door.citizen("li")
    body = {"answers": {"text": "路灯坏了"}}
    case = (await li.post("/v1/items/ask-parks/cases", body, key="once")).created()
    assert (await li.post("/v1/items/ask-parks/cases", body, key="once")).created() == case
    assert case["state"] == "submitted"
    assert case["deadline"]["due_on"] == "2026-09-08"
    assert [one["action"] for one in case["timeline"]] == ["submit", "register"]
    assert [one["action"] for one in case["permitted_actions"]] == ["withdraw"]
    assert await offices.told(li) == ["Received: Ask"]
    assert await Case.all().count() == await AppealRecord.all().count() == 1


async def test_a_sort_has_days_of_its_own_and_must_be_one_of_the_item_s(offices: Town) -> None:
    li = offices.door.citizen("li")
    path, answers = "/v1/items/ask-parks/cases", {"text": "路灯坏了"}
    complaint = (await li.post(path, {"answers": answers, "sort": "complain"})).created()
    assert complaint["deadline"] == {**complaint["deadline"], "working_days": 10, "due_on": "2026-09-15"}
    assert set(faults(await li.post(path, {"answers": {}, "sort": "tip", "renews": "x"}))) == {
        ("/answers/text", "required"),
        ("/sort", "enum"),
        ("/renews", "additionalProperties"),
    }
    (await li.post("/v1/items/no-such/cases", {"answers": {}})).problem(404, "not-found")
    (await offices.door.anyone.post(path, {"answers": answers})).problem(401, "unauthenticated")


async def test_a_file_goes_with_an_appeal_and_only_those_in_charge_read_it(offices: Town) -> None:
    li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
    photo = (await li.upload()).created()["id"]
    path, body = "/v1/items/ask-parks/cases", {"answers": {"text": "见照片", "photo": photo}}
    (await sun.post(path, body)).problem(422, "invalid-fields")
    case = (await li.post(path, body)).created()
    assert [one["id"] for one in case["attachments"]] == [photo]
    assert (await offices.reviewer().get(f"/v1/attachments/{photo}")).status == 200
    works = offices.reviewer("zhao", "works")
    for other in (sun, offices.reviewer("zhou", "parks/west"), works):
        assert (await other.get(f"/v1/attachments/{photo}")).status == 404
        assert (await other.get(case["links"]["self"])).status == 404
    # Passed on, it takes its files along.
    link = case["links"]["self"]
    (await offices.act(offices.reviewer(), link, "forward", "归他们管", department="works", unit="east")).ok()
    assert (await works.get(f"/v1/attachments/{photo}")).status == 200
    assert (await offices.reviewer().get(f"/v1/attachments/{photo}")).status == 404


# -- read, classified, passed on -------------------------------------------------------------------------------------


async def test_a_person_says_what_it_is_about_and_whose_it_is(offices: Town, database: str) -> None:
    li, chen = offices.door.citizen("li"), offices.door.staff("chen", "parks:reviewer")
    link = await offices.asked(li)
    assert [one["links"]["self"] for one in (await chen.get("/v1/worklist")).ok()["items"]] == [link]
    (await offices.act(chen, link, "answer", text="好")).problem(409, "action-not-permitted")
    for wrong, pointer in (
        ({}, "/details/category"),
        ({"category": "no-such"}, "/details/category"),
        ({"category": "roads", "unit": "north"}, "/details/unit"),
        ({"category": 7}, "/details/category"),
        ({"category": "roads", "extra": 1}, "/details/extra"),
    ):
        assert [at for at, _ in faults(await offices.act(chen, link, "assign", **wrong))] == [pointer], wrong
    (await offices.act(chen, link, "assign", category="roads", unit="west")).ok()
    case = await offices.shown(li, link)
    assert case["state"] == "assigned"
    assert case["details"]["category"] == {"code": "roads", "title": "Roads"}
    assert case["details"]["unit"] == "west"
    assert "West Unit is working on it" in (await offices.inbox(li))[-1]["body"]
    # It is the other unit's now.
    assert (await offices.reviewer("east", "parks/east").get(link)).status == 404
    assert (await offices.reviewer("west", "parks/west").get(link)).status == 200


async def test_who_sees_an_appeal_changes_with_the_department_that_it_is_passed_on_to(
    offices: Town, database: str
) -> None:
    li, parks, works = offices.door.citizen("li"), offices.reviewer(), offices.reviewer("zhao", "works/west")
    link = await offices.asked(li)
    (await offices.act(parks, link, "forward", department="works", unit="west")).problem(422, "invalid-fields")
    for wrong in ({"department": "no-such", "unit": "west"}, {"unit": "north"}, {"unit": "east"}, {}):
        (await offices.act(parks, link, "forward", "不归我们管", **wrong)).problem(422, "invalid-fields")
    before = (await offices.shown(li, link))["deadline"]["due_on"]
    (await offices.act(parks, link, "forward", "不归我们管", department="works", unit="west")).ok()
    assert (await parks.get(link)).status == 404
    assert (await parks.get("/v1/worklist")).ok()["items"] == []
    assert [one["links"]["self"] for one in (await works.get("/v1/worklist")).ok()["items"]] == [link]
    assert (await offices.reviewer("lu", "works/east").get("/v1/worklist")).ok()["items"] == []
    message = (await offices.inbox(li))[-1]
    assert "不归我们管" in message["body"]
    assert "West Unit" in message["body"]
    assert "Sample works" in message["body"]
    case = await offices.shown(li, link)
    assert (case["department"], case["deadline"]["due_on"]) == ("works", before)
    # The other department has classes of its own.
    (await offices.act(works, link, "assign")).ok()
    (await offices.act(works, link, "answer", text="已修好。")).ok()


async def test_while_the_citizen_is_asked_the_clock_stands(offices: Town) -> None:
    li, chen = offices.door.citizen("li"), offices.reviewer()
    link = await offices.asked(li)
    (await offices.act(chen, link, "return")).problem(422, "invalid-fields")
    (await offices.act(chen, link, "return", "是哪条路？")).ok()
    returned = await offices.shown(li, link)
    assert (returned["state"], returned["deadline"]["running"]) == ("returned", False)
    offices.later(days=7)
    (await li.post(f"{link}/actions/supplement")).problem(422, "invalid-fields")
    (await li.post(f"{link}/actions/supplement", {"answers": {"text": ""}})).problem(422, "invalid-fields")
    (await li.post(f"{link}/actions/supplement", {"answers": {"text": "示例路的路灯"}})).ok()
    again = await offices.shown(li, link)
    assert (again["state"], again["answers"]["text"]) == ("submitted", "示例路的路灯")
    assert again["deadline"]["due_on"] == "2026-09-15"


async def test_a_citizen_withdraws_until_there_is_an_answer(offices: Town) -> None:
    li, chen = offices.door.citizen("li"), offices.reviewer()
    first, second = await offices.asked(li), await offices.asked(li)
    (await offices.act(li, first, "withdraw")).ok()
    await offices.answered(chen, second)
    (await offices.act(li, second, "withdraw")).problem(409, "action-not-permitted")


# -- answer and rating -----------------------------------------------------------------------------------------------


async def test_the_citizen_reads_the_whole_answer_and_whether_it_came_in_time(offices: Town, database: str) -> None:
    li, chen = offices.door.citizen("li"), offices.reviewer()
    text = "路灯已经报修。" * 500
    first, second = await offices.asked(li), await offices.asked(li)
    (await offices.act(chen, first, "assign", category="roads")).ok()
    for wrong in ({}, {"text": ""}, {"text": " \n"}, {"text": "字" * 10_001}):
        (await offices.act(chen, first, "answer", **wrong)).problem(422, "invalid-fields")
    (await offices.act(chen, first, "answer", text=text)).ok()
    case = await offices.shown(li, first)
    assert case["state"] == "answered"
    assert [one["text"] for one in case["details"]["answers"]] == [text]
    assert case["details"]["answers"][0]["on_time"] is True
    assert "路灯已经报修。" in (await offices.inbox(li))[-1]["body"]
    offices.later(days=8)
    await offices.answered(chen, second)
    assert (await offices.shown(li, second))["details"]["answers"][0]["on_time"] is False


async def test_a_good_rating_closes_an_appeal(offices: Town, database: str) -> None:
    li, chen = offices.door.citizen("li"), offices.reviewer()
    link = await offices.asked(li)
    await offices.answered(chen, link)
    for wrong in ({"rating": 0}, {"rating": 6}, {"rating": 2.5}, {"rating": "5"}, {"text": "好"}):
        (await offices.act(li, link, "rate", **wrong)).problem(422, "invalid-fields")
    (await offices.act(chen, link, "rate", rating=5)).problem(409, "action-not-permitted")
    case = await offices.rated(li, link, 3, "还行")
    assert case["state"] == "closed"
    assert case["details"]["rating"]["rating"] == 3
    assert case["details"]["rating"]["text"] == "还行"
    assert case["permitted_actions"] == []


async def test_a_low_rating_gives_it_to_somebody_else_whose_answer_closes_it(offices: Town, database: str) -> None:
    li, chen, zhou = offices.door.citizen("li"), offices.reviewer(), offices.reviewer("zhou")
    link = await offices.asked(li)
    offices.later(days=3)
    await offices.answered(chen, link)
    case = await offices.rated(li, link, 2)
    assert case["state"] == "reopened"
    # The new answer has all its days: they are not what the first one left.
    assert case["deadline"]["due_on"] == "2026-09-11"
    assert "Somebody else answers again" in (await offices.told(li))[-1]
    assert "answer" not in {one["action"] for one in (await offices.shown(chen, link))["permitted_actions"]}
    (await offices.act(chen, link, "answer", text="还是这样。")).problem(409, "action-not-permitted")
    (await offices.act(zhou, link, "answer", text="今天修好。")).ok()
    case = await offices.shown(li, link)
    assert case["state"] == "closed"
    assert [one["text"] for one in case["details"]["answers"]] == ["明天修好。", "今天修好。"]
    (await offices.act(li, link, "rate", rating=1)).problem(409, "action-not-permitted")


async def test_of_many_who_answer_a_reopened_appeal_at_once_one_other_reviewer_does(
    offices: Town, database: str
) -> None:
    li, chen = offices.door.citizen("li"), offices.reviewer()
    others = [offices.reviewer(f"other{number}") for number in range(4)]
    link = await offices.asked(li)
    await offices.answered(chen, link)
    await offices.rated(li, link, 1)
    people = [chen, *others, chen, *others]
    replies = await asyncio.gather(*(offices.act(one, link, "answer", text="又一次") for one in people))
    assert Counter(reply.status for reply in replies) == {200: 1, 409: len(people) - 1}
    assert await Reply.all().count() == 2
    (event,) = await CaseEvent.filter(action="answer", state="closed")
    assert event.actor_id.startswith("other")


async def test_a_rating_that_is_sent_many_times_at_once_counts_once(offices: Town, database: str) -> None:
    li, chen = offices.door.citizen("li"), offices.reviewer()
    link = await offices.asked(li)
    await offices.answered(chen, link)
    replies = await asyncio.gather(*(offices.act(li, link, "rate", rating=stars) for stars in (1, 2, 4, 5) * 2))
    assert Counter(reply.status for reply in replies) == {200: 1, 409: 7}
    await offices.door.settled()
    kept = await AppealRecord.get()
    reopened = (await Case.get()).state == "reopened"
    assert reopened == (kept.rating < 3)


# -- duplicates ------------------------------------------------------------------------------------------------------


async def number_of(person: Any, link: str) -> str:
    return str((await person.get(link)).ok()["number"])


async def test_everybody_who_said_the_same_gets_the_one_answer(offices: Town, database: str) -> None:
    people = [offices.door.citizen(name) for name in ("li", "sun", "wu")]
    chen = offices.reviewer()
    first, second, third = [await offices.asked(one) for one in people]
    # The third into the second, and the second into the first: the third goes along.
    (await offices.act(chen, third, "merge", into=await number_of(chen, second))).ok()
    (await offices.act(chen, second, "merge", into=await number_of(chen, first))).ok()
    await offices.answered(chen, first)
    for person, link in zip(people, (first, second, third), strict=True):
        case = await offices.shown(person, link)
        assert case["state"] == ("answered" if link == first else "merged")
        assert [one["text"] for one in case["details"]["answers"]] == ["明天修好。"]
        titles = await offices.told(person)
        assert sum(title.startswith("Answered") for title in titles) == 1, titles
    # Staff see which one it is; another citizen's case stays unknown.
    assert (await offices.shown(chen, third))["details"]["merged_into"]["links"]["self"] == first
    assert (await offices.shown(people[2], third))["details"]["merged_into"] == {}
    assert (await people[2].get(first)).status == 404
    assert (await offices.shown(people[2], third))["deadline"]["running"] is False


async def test_who_is_merged_into_an_answered_appeal_reads_the_answer_at_once(offices: Town) -> None:
    li, sun, chen = offices.door.citizen("li"), offices.door.citizen("sun"), offices.reviewer()
    first, late = await offices.asked(li), await offices.asked(sun)
    await offices.answered(chen, first)
    (await offices.act(chen, late, "merge", into=await number_of(chen, first))).ok()
    assert "明天修好。" in (await offices.inbox(sun))[-1]["body"]


async def test_a_duplicate_goes_only_where_an_answer_comes_and_where_its_reader_works(offices: Town) -> None:
    li, sun, chen = offices.door.citizen("li"), offices.door.citizen("sun"), offices.reviewer()
    link, gone, far = await offices.asked(li), await offices.asked(sun), await offices.asked(sun)
    number = await number_of(chen, far)
    (await offices.act(sun, gone, "withdraw")).ok()
    (await offices.act(chen, far, "forward", "西科负责", unit="west")).ok()
    for into in (await number_of(chen, link), await number_of(sun, gone), number, "20260901-AAAA-AAAA"):
        ((pointer, _),) = faults(await offices.act(chen, link, "merge", into=into))
        assert pointer == "/details/into"


async def test_nobody_withdraws_the_answer_that_others_wait_for(offices: Town) -> None:
    li, sun, chen = offices.door.citizen("li"), offices.door.citizen("sun"), offices.reviewer()
    first, second = await offices.asked(li), await offices.asked(sun)
    (await offices.act(chen, second, "merge", into=await number_of(chen, first))).ok()
    (await offices.act(li, first, "withdraw")).problem(409, "conflict")


async def test_whoever_looks_at_what_a_merge_would_send_has_read_the_other_appeal_s_answer(offices: Town) -> None:
    chen, sun, citizen = offices.reviewer(), offices.reviewer("sun"), offices.door.citizen("li")
    first, second = await offices.asked(citizen), await offices.asked(citizen)
    await offices.answered(chen, first)
    into = await number_of(chen, first)
    told = (await sun.post(f"{second}/actions/merge/preview", {"details": {"into": into}})).ok()
    assert "明天修好" in told["message"]["body"]
    read = {f"/v1/cases/{one.case_id}" for one in await CaseReading.filter(reader="sun")}
    assert read == {first, second}


async def test_an_appeal_is_answered_though_the_item_of_one_that_was_merged_into_it_is_gone(offices: Town) -> None:
    li, sun, chen = offices.door.citizen("li"), offices.door.citizen("sun"), offices.reviewer()
    first, second = await offices.asked(li), await offices.asked(sun)
    (await offices.act(chen, second, "merge", into=await number_of(chen, first))).ok()
    await Case.filter(person="sun").update(item="of-a-plugin-that-is-not-loaded")
    await offices.answered(chen, first)
    assert "明天修好。" in (await offices.inbox(sun))[-1]["body"]


async def test_a_merge_in_the_midst_of_an_answer_leaves_nobody_without_it(offices: Town, database: str) -> None:
    people = [offices.door.citizen(f"p{number}") for number in range(9)]
    chen = offices.reviewer()
    first, *others = [await offices.asked(one) for one in people]
    (await offices.act(chen, first, "assign", category="roads")).ok()
    number = await number_of(chen, first)
    merges = [offices.act(chen, link, "merge", into=number) for link in others]
    replies = await asyncio.gather(*merges[:4], offices.act(chen, first, "answer", text="明天修好。"), *merges[4:])
    # Who was beaten too often by the others is told so, and tries again.
    assert {reply.status for reply in replies} <= {200, 409}
    for link, person in zip((first, *others), people, strict=True):
        case = await offices.shown(person, link)
        if case["state"] == "submitted":
            (await offices.act(chen, link, "merge", into=number)).ok()
    if replies[4].status == 409:
        (await offices.act(chen, first, "answer", text="明天修好。")).ok()
    for person in people:
        bodies = [one["body"] for one in await offices.inbox(person)]
        assert sum("明天修好。" in body for body in bodies) == 1


# -- what is declared wrongly ----------------------------------------------------------------------------------------

ONE_CATEGORY = '{ code = "a", title = { zh-CN = "甲", en = "A" } }'


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("sorts = []", "sorts"),
        ('sorts = ["consult", "consult"]', "sorts"),
        ('sorts = ["moan"]', "sorts"),
        ("reopen_below = 0", "reopen_below has to be from 1 to 5"),
        ("reopen_below = 6", "reopen_below has to be from 1 to 5"),
        ("days = { consult = 0 }", "days has to be at least 1"),
        ("days = { tip = 3 }", "take tip out of items.appeal.days"),
        (f"categories = [{ONE_CATEGORY}, {ONE_CATEGORY}]", "rename one of the categories 'a'"),
        ('categories = [{ code = "A b", title = { zh-CN = "甲", en = "A" } }]', "rename the category 'A b'"),
        ('categories = [{ code = "a", title = { zh-CN = "甲" } }]', "has no text in en"),
    ],
)
async def test_wrong_rules_stop_the_start_and_say_what_to_mend(tmp_path: Path, rules: str, told: str) -> None:
    await refused(open_town(tmp_path, appeals(rules)), told)


async def test_an_appeal_without_a_form_or_a_deadline_is_told(tmp_path: Path) -> None:
    folder = written(tmp_path, appeals(APPEALS, "parks"))["parks"]
    text = (folder / "items.toml").read_text(encoding="utf-8")
    for cut, told in (("promised_days = 5\n", "no-deadline"), ("additionalProperties = false\n", "open-form")):
        (folder / "items.toml").write_text(text.replace(cut, ""), encoding="utf-8")
        await refused(open_door(tmp_path, {"parks": folder}), told)
