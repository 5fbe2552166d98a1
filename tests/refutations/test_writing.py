"""Records: what staff may write, what is held back and why, who decides, and that nothing is public without two."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from banshi.testing import Reply
from names import names_in
from refutations.writing.steps import TABLE
from tests.refutations.conftest import CHECKING, UNTRUE, Office


def pointers(reply: Reply) -> set[str]:
    """Where something is wrong with what was sent."""
    return {one["pointer"] for one in reply.problem(422, "invalid-fields")["problems"]}


async def held_back(office: Office, words: Mapping[str, Any]) -> set[str]:
    """What keeps such a record from being proposed."""
    return pointers(await office.act(await office.write(words), "propose"))


async def test_the_first_word_is_due_within_the_hour_and_needs_nothing_found(office: Office) -> None:
    one = await office.write()
    due = datetime.fromisoformat(one["due_at"]) - datetime.fromisoformat(one["created_at"])
    assert due == timedelta(hours=1)
    assert one["title"]["zh-CN"] == "正在核实：网传“示例大桥垮塌”"
    assert (await office.act(one, "propose")).ok()["state"] == "proposed"


async def test_nothing_is_public_before_a_second_person_has_approved_it(office: Office) -> None:
    one = await office.write()
    address = one["links"]["self"]
    (await office.door.anyone.get(address)).problem(404, "not-found")
    (await office.act(one, "propose")).ok()
    (await office.act(one, "approve")).problem(403, "forbidden")
    assert "approve" not in (await office.record(one))["permitted_actions"]
    (await office.door.anyone.get(address)).problem(404, "not-found")
    (await office.act(one, "approve", office.li)).ok()
    assert (await office.door.anyone.get(address)).ok()["rating"] == "checking"


async def test_whoever_wrote_a_word_of_an_edition_does_not_approve_it(office: Office) -> None:
    one = await office.write()
    (await office.rewrite(one, {**CHECKING, "claim": "桥断了"}, office.li)).ok()
    (await office.act(one, "propose")).ok()
    (await office.act(one, "approve", office.li)).problem(403, "forbidden")


async def test_what_was_proposed_and_is_changed_is_proposed_again(office: Office) -> None:
    one = await office.write()
    (await office.act(one, "propose")).ok()
    assert (await office.rewrite(one, UNTRUE, office.li)).ok()["state"] == "draft"
    (await office.act(one, "approve", office.li)).problem(409, "action-not-permitted")


async def test_a_correction_keeps_what_it_said_before_readable(office: Office) -> None:
    one = await office.correct(await office.publish(), UNTRUE)
    told = (await office.door.anyone.get(one["links"]["self"])).ok()
    assert [(each["edition"], each["rating_title"]) for each in told["editions"]] == [(1, "正在核实"), (2, "不实")]
    old = (await office.door.anyone.get(told["editions"][0]["links"]["edition"])).ok()
    assert (old["rating"], old["finding"], old["title"]) == ("checking", None, "正在核实：网传“示例大桥垮塌”")
    assert (await office.door.anyone.get(f"{one['links']['self']}?edition=3")).status == 404


async def test_what_is_public_stays_so_while_a_correction_is_written_and_dropped(office: Office) -> None:
    one = await office.publish()
    (await office.rewrite(one, UNTRUE)).ok()
    assert (await office.door.anyone.get(one["links"]["self"])).ok()["rating"] == "checking"
    assert (await office.act(one, "drop")).ok()["state"] == "public"
    record = await office.record(one)
    assert (record["draft"], record["public"]["rating"]) == (None, "checking")


async def test_of_two_officers_at_once_one_is_told_that_it_has_changed(office: Office) -> None:
    one = await office.write()
    body = {**UNTRUE, "version": one["version"]}
    path = one["links"]["record"]
    replies = await asyncio.gather(office.sun.put(path, body), office.li.put(path, body))
    assert sorted(reply.status for reply in replies) == [200, 409]
    late = next(reply for reply in replies if reply.status == 409)
    assert late.problem(409, "conflict")["version"] == 2


async def test_once_it_is_checked_it_says_what_was_found_by_whom_and_by_which_source(office: Office) -> None:
    wanting = {"/finding", "/checked_by", "/checked_at", "/sources"}
    assert await held_back(office, {**CHECKING, "rating": "partly"}) == wanting


async def test_what_is_still_being_checked_has_found_nothing(office: Office) -> None:
    assert await held_back(office, {**UNTRUE, "rating": "checking"}) == {"/rating"}


async def test_a_number_in_a_sources_address_holds_it_back_too(office: Office) -> None:
    source = {**UNTRUE["sources"][0], "url": "https://city.example/?call=138%200000%200000"}
    assert await held_back(office, {**UNTRUE, "sources": [source]}) == {"/sources/0/url"}


async def test_of_a_draft_that_is_given_up_no_word_is_kept(office: Office) -> None:
    one = await office.write(claim="司机张小明撞断了大桥")
    (await office.act(one, "cancel")).ok()
    record = await office.record(one)
    assert (record["state"], record["draft"], record["title"]) == ("cancelled", None, {})


async def test_what_lies_ahead_was_not_checked(office: Office) -> None:
    ahead = (office.door.platform.now() + timedelta(days=2)).isoformat()
    source = {**UNTRUE["sources"][0], "on": ahead[:10]}
    words = {**UNTRUE, "seen_on": ahead[:10], "checked_at": ahead, "sources": [source]}
    assert await held_back(office, words) == {"/seen_on", "/checked_at", "/sources/0/on"}


NO_PAGES = ("javascript:alert(1)", " https://x.example", "data:text/html,x", "//x.example", 'https://x.example/"><b>')


async def test_a_source_that_is_no_page_is_refused(office: Office) -> None:
    for url in NO_PAGES:
        words = {**UNTRUE, "sources": [{**UNTRUE["sources"][0], "url": url}]}
        reply = await office.sun.post("/v1/refutations", {"department": "traffic", **words})
        assert pointers(reply) == {"/sources/0/url"}, url


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("司机张小明撞桥了", {"张小明"}),
        ("李建国先生说桥断了", {"李建国"}),
        ("桥断了，王伟被抓", {"王伟"}),
        ("欧阳明华，快看", {"欧阳明华"}),
        ("Zhang Wei was on the bridge", {"Zhang Wei"}),
        ("司机王某被查", set()),
        ("示例大桥刚刚垮了，好多车掉下去，快转给家人！", set()),
        ("司机高速行驶，马路边有人", set()),
        ("高考延期，周三公布", set()),
        ("汤山路，施工处，徐家巷", set()),
    ],
)
def test_a_name_is_found_by_where_it_stands(text: str, names: set[str]) -> None:
    assert {one for one in names_in(text) if any(one.startswith(name) for name in names)} == names_in(text)
    assert bool(names_in(text)) == bool(names)


async def test_a_claim_that_names_a_person_is_held_back_and_says_why(office: Office) -> None:
    one = await office.write(claim="司机张小明撞断了大桥，电话13800000000")
    problem = (await office.act(one, "propose")).problem(422, "invalid-fields")
    assert {(each["pointer"], each["code"]) for each in problem["problems"]} == {
        ("/claim", "personal"),
        ("/claim", "names-a-person"),
    }
    assert any("张小明" in each["detail"] for each in problem["problems"])
    # What is none its author says to be none, for the second person to read.
    (await office.rewrite(one, {**CHECKING, "claim": "白果林，塌了"})).ok()
    (await office.act(one, "propose")).problem(422, "invalid-fields")
    (await office.rewrite(one, {**CHECKING, "claim": "白果林，塌了", "names_nobody": ["白果林"]})).ok()
    (await office.act(one, "propose")).ok()


async def test_characters_that_no_screen_shows_are_refused(office: Office) -> None:
    for claim in ("a\x00b", "a\u202eb", "  ", "\ufeff"):
        reply = await office.sun.post("/v1/refutations", {"department": "traffic", **CHECKING, "claim": claim})
        assert reply.status in (400, 422), claim


async def test_a_record_is_its_departments_and_a_key_makes_one(office: Office) -> None:
    stranger = office.door.staff("zhao", "parks:publisher")
    reviewer = office.door.staff("qian", "traffic:reviewer")
    one = await office.write()
    for person in (stranger, reviewer):
        assert (await person.get(one["links"]["record"])).status == 404
        assert (await person.post("/v1/refutations", {"department": "traffic", **CHECKING})).status == 403
        assert (await person.get("/v1/refutations/records")).ok()["items"] == []
    first = await office.sun.post("/v1/refutations", {"department": "traffic", **CHECKING}, key="k")
    again = await office.sun.post("/v1/refutations", {"department": "traffic", **CHECKING}, key="k")
    assert first.body == again.body
    assert len((await office.li.get("/v1/refutations/records")).ok()["items"]) == 2


async def test_who_did_what_is_on_record(office: Office) -> None:
    one = await office.correct(await office.publish(), UNTRUE)
    (await office.act(one, "withdraw", office.li)).problem(422, "invalid-fields")
    (await office.act(one, "withdraw", office.li, reason="桥真的断了")).ok()
    history = (await office.record(one))["history"]
    assert [(each["edition"], each["actor"], each["action"]) for each in history] == [
        (1, "sun", "create"),
        (1, "sun", "propose"),
        (1, "li", "approve"),
        (2, "sun", "change"),
        (2, "sun", "propose"),
        (2, "li", "approve"),
        (2, "li", "withdraw"),
    ]
    assert history[-1]["reason"] == "桥真的断了"


def test_every_way_to_the_public_goes_by_another_person() -> None:
    """From what nobody reads to what anybody does; `drop` gives up what nobody has read."""
    opened = [step for step in TABLE if step.to == "public" and step.action != "drop"]
    assert opened
    assert all(step.by_another and step.state.endswith("proposed") for step in opened)
