"""What was filed becomes the account's whose number it is, and never that of whoever only knows number and code."""

from __future__ import annotations

import re
from typing import Any

import pytest

from banshi import Unavailable
from banshi.builtin.drafts.models import Draft
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.appointment.models import Slot
from banshi.testing import Door, Person, Reply
from conversations.tables.models import Said
from hotline.tables.models import HotlineCallBack, HotlineFiling
from mobile_push.tables.models import InboxMessage
from tests.channels.desk.bureau import given
from tests.channels.hotline.exchange import AGREED, FILINGS, NUMBER, SLIPS, filed, owner
from tests.channels.hotline.test_filing import suggestion


@given(text_account="sms:city")
async def test_neither_who_filed_a_case_nor_who_saw_its_code_makes_it_theirs(door: Door, li: Person, call: str) -> None:
    made = (await filed(li, call, "suggest-police", await suggestion(door), name="李示例", texts=True)).created()
    await door.settled()
    body = {"number": NUMBER, "slip": made["slip"]}
    (await owner(door, "li", "Operator").post(f"{SLIPS}/bind", body)).problem(404, "no-such-slip")
    friend, mother = owner(door, "friend", "Friend", "+8619900004712"), door.citizen("mother", "Mother")
    for who in (friend, mother):
        for code in ({}, {}, {"code": "00000000"}):
            (await who.post(f"{SLIPS}/bind", body | code)).problem(409, "not-the-number")
    case = await Case.get()
    assert (case.person.partition(":")[0], case.person_name) == ("caller", "李示例")
    # Each of both was texted a code of their own, once: it is read where the number is.
    texts = [one.words["text"] for one in await Said.filter(key__contains="bind").order_by("id")]
    (_, code) = [re.sub(r"\D", "", text) for text in texts]
    (await friend.post(f"{SLIPS}/bind", body | {"code": code})).problem(409, "not-the-number")
    (await mother.post(f"{SLIPS}/bind", body | {"code": code})).ok()
    case = await Case.get()
    assert (case.person, case.person_name) == ("mother", "李示例")
    assert (await CaseEvent.get(action="bind")).actor_id == "mother"
    assert await Said.filter(key__contains="bound").count() == 1


async def test_at_a_counter_a_colleague_hands_over_what_was_filed_and_nobody_who_had_a_hand_in_it(
    door: Door, li: Person, call: str, wang: Person, zhao: Person
) -> None:
    """Of a citizen whose account says no telephone, in a city that texts nobody."""
    made = (await filed(li, call, "suggest-police", await suggestion(door))).created()
    waits = (await filed(li, call, "suggest-police", {"answers": {}}, wait=True)).created()
    zhang = door.citizen("zhang", "Zhang")
    (await zhang.post(f"{SLIPS}/bind", {"number": NUMBER, "slip": made["slip"]})).problem(409, "not-the-number")

    async def handed(by: Person, to: Person, slip: str) -> Reply:
        digits = (await to.post("/v1/conversations/codes")).created()["digits"]
        body = {"number": NUMBER, "slip": slip, "digits": digits, "document": True}
        return await by.post(f"{SLIPS}/hand-over", body)

    (await handed(li, zhang, made["slip"])).problem(409, "own-filing")
    (await handed(wang, owner(door, "li", "Operator"), made["slip"])).problem(409, "own-filing")
    (await handed(zhao, zhang, made["slip"])).problem(404, "no-such-slip")
    wrong = {"number": NUMBER, "slip": made["slip"], "digits": "0000000000", "document": True}
    (await wang.post(f"{SLIPS}/hand-over", wrong)).problem(422, "invalid-fields")
    assert (await handed(wang, zhang, made["slip"])).ok()["case"] == made["begun"]["case"]["id"]
    bound = await CaseEvent.get(action="bind")
    assert (bound.actor, bound.actor_id, (await Case.get()).person) == ("staff", "wang", "zhang")
    (await handed(wang, zhang, made["slip"])).problem(409, "anothers-filing")
    assert (await handed(wang, zhang, waits["slip"])).ok()["state"] == "bound"
    assert (await zhang.get("/v1/items/suggest-police/draft")).ok()["answers"] == {}


@given(plugins={"mobile_push": "mobile_push"})
async def test_a_bound_cases_answer_is_asked_about_in_the_account_alone(door: Door, li: Person, call: str) -> None:
    made = (await filed(li, call, "suggest-police", await suggestion(door))).created()
    await door.settled()
    case, wang = f"/v1/cases/{made['begun']['case']['id']}/actions", door.staff("wang", "petitions:reviewer")
    (await wang.post(f"{case}/assign", {"details": {"category": "traffic"}})).ok()
    (await wang.post(f"{case}/answer", {"details": {"text": "It is mended."}})).ok()
    await door.settled()
    zhang, caller = owner(door, "zhang"), (await Case.get()).person
    (await zhang.post(f"{SLIPS}/bind", {"number": NUMBER, "slip": made["slip"]})).ok()
    assert (await HotlineCallBack.get()).state == "taken-back"
    # What the number was told before is no account's.
    assert await InboxMessage.filter(person=caller).exists()
    assert (await zhang.get("/v1/inbox")).ok()["items"] == []


async def test_what_waits_is_of_its_filing_whatever_else_waits_under_the_number(
    door: Door, li: Person, call: str
) -> None:
    """Two of a household, or somebody who says another's number: neither learns of the other's draft, or ends it."""
    whole = await suggestion(door)
    names = list(whole["answers"])
    halves = [{"answers": {name: whole["answers"][name]}} for name in names[:2]]
    slips = [(await filed(li, call, "suggest-police", one, wait=True)).created()["slip"] for one in halves]
    (await filed(li, call, "suggest-police", whole)).created()
    read = [(await li.post(f"{SLIPS}/read", {"number": NUMBER, "slip": slip})).ok() for slip in slips]
    assert [one["answers"] for one in read] == [one["answers"] for one in halves]


async def test_what_waits_goes_on_in_a_call_in_which_they_prove_themselves(door: Door, li: Person, call: str) -> None:
    zhang, whole = owner(door, "zhang", "张示例"), await suggestion(door)
    (await zhang.put("/v1/items/suggest-police/draft", {"answers": {}})).ok()
    made = (await filed(li, call, "suggest-police", {"answers": {}}, wait=True)).created()
    digits = (await zhang.post("/v1/conversations/codes")).created()["digits"]
    (await li.post(f"{call}/person", {"digits": digits})).ok()
    other = (await filed(li, call, "suggest-police", {"answers": {}}, wait=True)).created()
    body = {**AGREED, "call": call.rpartition("/")[2], "number": NUMBER, "submission": whole}
    for one in (made, other):
        again = (await li.post(FILINGS, body | {"slip": one["slip"]})).created()
        assert (again["id"], again["state"]) == (one["id"], "filed")
    assert {case.person for case in await Case.all()} == {"zhang"}


async def test_consent_taken_back_gives_a_booked_place_back(door: Door, li: Person, call: str) -> None:
    slots = (await door.anyone.get("/v1/items/leader-reception/slots")).ok()["items"]
    submission = {**(await suggestion(door, "leader-reception")), "slot": slots[-1]["id"]}
    made = (await filed(li, call, "leader-reception", submission)).created()
    body = {"number": NUMBER, "slip": made["slip"]}
    assert (await li.post(f"{SLIPS}/withdraw", body)).ok()["is_withdrawn"]
    assert (await Case.get()).state == "cancelled"
    assert (await Slot.get(id=slots[-1]["id"])).taken == 0


async def test_a_draft_is_kept_with_its_code_or_not_at_all(
    door: Door, li: Person, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ends the server between two of its writes: there is one. The same for binding it."""
    half, store = {"answers": {"title": "lamp"}}, type(door.platform.store)
    commit, left = store.commit, [0]

    async def killed(self: Any, write: Any, **rest: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Unavailable
        await commit(self, write, **rest)

    monkeypatch.setattr(store, "commit", killed)
    # Each write of the request in turn is the one that isn't done; then all are.
    for nth in (1, 2, 3, 0):
        left[0] = nth
        made = await filed(li, call, "suggest-police", half, wait=True)
        if made.status == 201:
            break
        left[0] = 0
        assert await HotlineFiling.all().count() == await Draft.all().count() == 0
    zhang, body = owner(door, "zhang"), {"number": NUMBER, "slip": made.created()["slip"]}
    for nth in (1, 2, 3, 0):
        left[0] = nth
        bound = await zhang.post(f"{SLIPS}/bind", body)
        if bound.status == 200:
            break
        left[0] = 0
        assert (await HotlineFiling.get()).answers == half["answers"]
        assert await Draft.all().count() == 0
    left[0] = 0
    assert bound.ok()["state"] == "bound"
    assert (await Draft.get()).answers == half["answers"]
