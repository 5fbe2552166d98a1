"""An operator files for whoever calls: theirs, with what was agreed to on record, and nothing for the operator."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

from banshi.builtin.audit.models import CaseReading
from banshi.builtin.personal_data.exporting import _pieces
from banshi.builtin.personal_data.holdings import DataSubject
from banshi.builtin.personal_data.persons import forget_person
from banshi.forms.numbers import MADE_UP
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.testing import Door, Person
from conversations.tables.models import ChannelConversation, Said
from hotline.holdings import tidy
from hotline.slips import TRIES, WRONG
from hotline.tables.models import HotlineCall, HotlineCaller, HotlineFiling
from hotline.texting import number_to_text
from tests.channels.desk.bureau import EACH_DATABASE, Clock, given, officer
from tests.channels.hotline.exchange import AGREED, FILINGS, NUMBER, SLIPS, Switch, filed, owner, taken
from tests.plugins import filling

WORDS = "路灯坏了"


async def suggestion(door: Door, code: str = "suggest-police") -> dict[str, Any]:
    """What is handed in with a suggestion, without the files that it may have."""
    form = (await door.anyone.get(f"/v1/items/{code}")).ok()["form"]
    needed = {name: one for name, one in form["properties"].items() if name in form["required"]}
    return {"answers": filling.filled({**form, "properties": needed}, iter(()))}


@EACH_DATABASE
async def test_what_is_filed_is_the_callers_and_says_who_filed_it(door: Door, li: Person, call: str) -> None:
    made = (await filed(li, call, "suggest-police", await suggestion(door), name="李示例")).created()
    await door.settled()
    case = await Case.get()
    caller, filing = await HotlineCaller.get(), await HotlineFiling.get()
    assert (made["state"], made["begun"]["case"]["id"]) == ("filed", str(case.id))
    assert (case.person, case.person_name) == (caller.subject, "李示例")
    first = await CaseEvent.get(case_id=case.id, version=1)
    assert (first.actor, first.actor_id) == ("staff", "li")
    assert (filing.officer, filing.identified, filing.consent) == ("li", "told", "1")
    wang = door.staff("wang", "petitions/reception:reviewer")
    document = (await wang.get(f"/v1/cases/{case.id}")).ok()
    assert document["enclosures"]["hotline"]["number"] == NUMBER
    assert document["timeline"][0]["by"] == "staff"
    pop = (await li.post(f"{call}/pop", {"purpose": "to help"})).ok()
    assert [one["id"] for one in pop["filings"]] == [made["id"]]


async def test_nobody_who_had_a_hand_in_what_was_filed_takes_a_step_of_staff_in_it(door: Door) -> None:
    """Whoever of three begins it, writes in it and files it: that one decides it who did none of these."""
    roles = ("petitions/reception:desk", "petitions/reception:reviewer")
    names = ("officer-ma", "officer-bai", "officer-tian", "officer-lu")
    people, whole = {name: officer(door, name, *roles) for name in names}, await suggestion(door)
    half = {"answers": dict(list(whole["answers"].items())[:1])}
    cases = dict[str, set[str]]()
    for number, (writes, files) in enumerate(product([*names[:3], ""], names[:3])):
        phone = f"+861990000{number:04}"
        ma, call = await taken(door, f"c{number}", people[names[0]], number=phone)
        made = (await filed(ma, call, "suggest-police", half, wait=True)).created()
        body = {**AGREED, "number": phone, "slip": made["slip"], "submission": half, "wait": True}
        if writes:
            assert (await people[writes].post(FILINGS, body)).created()["state"] == "waiting"
        done = (await people[files].post(FILINGS, {**body, "submission": whole})).created()
        cases[done["begun"]["case"]["id"]] = {names[0], writes, files}
    straight = (await filed(ma, call, "suggest-police", whole)).created()
    cases[straight["begun"]["case"]["id"]] = {names[0]}
    await door.settled()
    for name, one in people.items():
        rows = {row["id"]: bool(row["actions"]) for row in (await one.get("/v1/worklist?limit=50")).ok()["items"]}
        assert rows == {case: name not in hands for case, hands in cases.items()}
        for case, hands in cases.items():
            shown = (await one.get(f"/v1/cases/{case}")).ok()["permitted_actions"]
            assert bool(shown) == (name not in hands)
    (case, hands) = max(cases.items(), key=lambda one: len(one[1]))
    for name in sorted(hands):
        body = {"details": {"unit": "reception"}}
        (await people[name].post(f"/v1/cases/{case}/actions/assign", body)).problem(409, "action-not-permitted")
    bound = {"number": phone, "slip": made["slip"]}
    zhang = owner(door, "zhang", phone=phone)
    (await zhang.post(f"{SLIPS}/bind", bound)).ok()
    assert b"officer-" not in (await zhang.get("/v1/me/data")).body


@EACH_DATABASE
async def test_a_repeat_files_once_and_tells_the_same_slip_code(door: Door, li: Person, call: str) -> None:
    body = {"call": call.rpartition("/")[2], "item": "suggest-police", **AGREED}
    body["submission"] = await suggestion(door)
    replies = await asyncio.gather(*(li.post(FILINGS, body, key="once") for _ in range(3)))
    told = {
        reply.ok()["slip"] if reply.status == 200 else reply.created()["slip"]
        for reply in replies
        if reply.status < 400
    }
    assert len(told) == 1
    assert await Case.all().count() == 1


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "another wording": ({"consent": "9"}, 422, "/consent"),
    "nothing read back": ({"read_back": False}, 422, "/read_back"),
    "no such item": ({"item": "no-such-thing"}, 404, ""),
    "a number that is none": ({"number": "anonymous"}, 422, "/number"),
    "neither item nor code": ({"item": None}, 422, "/item"),
}


async def test_without_consent_a_number_and_an_item_nothing_is_filed(door: Door, li: Person, call: str) -> None:
    whole, told = await suggestion(door), dict[str, Any]()
    for name, (more, *_) in REFUSED.items():
        body = {"call": call.rpartition("/")[2], "item": "suggest-police", "submission": whole, **AGREED, **more}
        reply = await li.post(FILINGS, {name: one for name, one in body.items() if one is not None})
        pointers = [one["pointer"] for one in reply.document.get("problems", [{"pointer": ""}])]
        told[name] = (more, reply.status, *pointers)
    assert told == REFUSED
    assert await Case.all().count() == await HotlineFiling.all().count() == 0


async def test_a_hidden_number_is_asked_for(door: Door) -> None:
    li, call = await taken(door, number="anonymous")
    submission = await suggestion(door)
    (await filed(li, call, "suggest-police", submission)).problem(422, "invalid-fields")
    (await filed(li, call, "suggest-police", submission, number="0 199 0000 4711")).created()
    assert (await HotlineCaller.get()).number == NUMBER


async def test_a_minor_files_a_word_to_the_city_and_all_else_waits_for_whoever_cares(
    door: Door, li: Person, call: str
) -> None:
    (await filed(li, call, "suggest-police", await suggestion(door), relation="minor")).created()
    other = next(one for one in door.platform.registry.items.values() if one.kind == "application" and one.form)
    (await filed(li, call, other.code, {"answers": {}}, relation="minor")).problem(422, "invalid-fields")
    waits = (await filed(li, call, other.code, {"answers": {}}, relation="minor", wait=True)).created()
    assert (waits["state"], [one["code"] for one in waits["lacks"]]) == ("waiting", ["guardian"])


async def test_an_operator_without_the_call_gets_and_files_nothing(
    door: Door, li: Person, call: str, wang: Person, zhao: Person
) -> None:
    submission = await suggestion(door)
    made = (await filed(li, call, "suggest-police", submission)).created()
    for who, status, code in ((wang, 409, "not-on-the-call"), (zhao, 404, "not-found")):
        (await who.get(call)).problem(status, code)
        (await who.post(f"{call}/pop", {"purpose": "to look"})).problem(status, code)
        (await who.post(f"{call}/person", {"digits": "0000000000"})).problem(status, code)
        (await who.put(f"{call}/outcome", {"outcome": "answered"})).problem(status, code)
        (await filed(who, call, "suggest-police", submission)).problem(status, code)
    seen = {"number": NUMBER, "slip": made["slip"]}
    (await zhao.post(f"{SLIPS}/read", seen)).problem(404, "no-such-slip")
    (await zhao.post(f"{SLIPS}/withdraw", seen)).problem(404, "no-such-slip")
    assert (await wang.post(f"{SLIPS}/read", seen)).ok()["case"]["id"] == made["begun"]["case"]["id"]
    (await wang.post(f"{SLIPS}/read", {"number": NUMBER, "slip": "00000000"})).problem(404, "no-such-slip")


async def test_the_digits_of_an_app_make_a_call_the_citizens_and_wrong_ones_soon_nobodys(
    door: Door, li: Person, call: str
) -> None:
    citizen = door.citizen("zhang", name="张示例")
    digits = (await citizen.post("/v1/conversations/codes")).created()["digits"]
    assert (await li.post(f"{call}/person", {"digits": digits})).ok()["person"] == "张示例"
    (await li.post(f"{call}/person", {"digits": digits})).problem(422, "invalid-fields")
    made = (await filed(li, call, "suggest-police", await suggestion(door))).created()
    filing = await HotlineFiling.get(id=made["id"])
    assert (filing.person, filing.identified) == ("zhang", "code")
    held = (await citizen.get("/v1/me/data")).ok()["held"]
    assert held["hotline"]["hotline_filing"][0]["consent"] == "1"
    assert "officer" not in held["hotline"]["hotline_filing"][0]
    assert held["banshi"]["banshi_case_event"][0]["actor"] == "staff"
    (one,) = (await li.post(f"{call}/pop", {"purpose": "to help"})).ok()["cases"]
    assert one["id"] == made["begun"]["case"]["id"]
    for _ in range(3):
        (await li.post(f"{call}/person", {"digits": "0000000000"})).problem(422, "invalid-fields")
    (await li.post(f"{call}/person", {"digits": "0000000000"})).problem(409, "conflict")
    enquiry = (await li.get(call)).ok()["enquiry"]
    (await li.post(f"/v1/desk/enquiries/{enquiry}/close")).ok()
    assert (await HotlineCall.get()).known == {}


async def test_a_slip_code_is_guessed_five_times_an_hour_and_no_answer_tells_which_was_right(
    door: Door, li: Person, call: str
) -> None:
    slip = (await filed(li, call, "suggest-police", await suggestion(door))).created()["slip"]
    citizen, wrong = owner(door, "zhang"), f"{(int(slip) + 1) % 10**8:08}"
    told = [await citizen.post(f"{SLIPS}/bind", {"number": NUMBER, "slip": wrong}) for _ in range(5)]
    told.append(await citizen.post(f"{SLIPS}/bind", {"number": "+8619900004712", "slip": slip}))
    assert len({reply.body for reply in told}) == 1
    assert {reply.status for reply in told} == {404}
    body = {"number": "199 0000 4711", "slip": slip}
    for who in (citizen, owner(door, "other")):
        (await who.post(f"{SLIPS}/bind", body)).problem(429, "too-many-requests")
    assert (await Case.get()).person.startswith("caller:")
    # No stranger keeps an operator from it; and who had the code right spends no more on it.
    for _ in range(TRIES.most + 1):
        (await li.post(f"{SLIPS}/read", body)).ok()
    others = [{"number": f"+861990000{number:04}", "slip": slip} for number in range(WRONG.most)]
    answers = [(await door.citizen("sun").post(f"{SLIPS}/bind", one)).status for one in others]
    assert answers == [404] * WRONG.most
    (await door.citizen("sun").post(f"{SLIPS}/bind", others[0])).problem(429, "too-many-requests")


@EACH_DATABASE
async def test_a_case_is_bound_to_an_account_once_and_read_there(door: Door, li: Person, call: str) -> None:
    made = (await filed(li, call, "suggest-police", await suggestion(door))).created()
    await door.settled()
    body = {"number": NUMBER, "slip": made["slip"]}
    people = [owner(door, name, name) for name in ("zhang", "sun")]
    bound = await asyncio.gather(*(one.post(f"{SLIPS}/bind", body) for one in people))
    assert sorted(reply.status for reply in bound) == [200, 409]
    (mine,) = [one for one, reply in zip(people, bound, strict=True) if reply.status == 200]
    (case,) = (await mine.get("/v1/cases")).ok()["items"]
    timeline = (await mine.get(f"/v1/cases/{case['id']}")).ok()["timeline"]
    assert [one["action"] for one in timeline][-1] == "bind"
    (await li.post(f"{SLIPS}/read", body)).problem(409, "anothers-filing")
    (await mine.post(f"{SLIPS}/bind", body)).ok()
    assert (await mine.delete(f"{FILINGS}/{made['id']}")).ok()["is_withdrawn"]
    assert (await Case.get()).state == "withdrawn"


async def test_a_draft_waits_for_whoever_finishes_it(door: Door, li: Person, call: str) -> None:
    """By telephone, or in the account to which it is bound; and consent is taken back."""
    whole = await suggestion(door)
    half = {"answers": dict(list(whole["answers"].items())[:1])}
    refused = await filed(li, call, "suggest-police", half)
    assert all(
        one["pointer"].startswith("/submission/answers") for one in refused.problem(422, "invalid-fields")["problems"]
    )
    made = (await filed(li, call, "suggest-police", half, wait=True)).created()
    body = {"number": NUMBER, "slip": made["slip"]}
    assert (await li.post(f"{SLIPS}/read", body)).ok()["answers"] == half["answers"]
    read = await CaseReading.get(case_id=made["id"])
    assert (read.reader, read.department, read.role) == ("li", "petitions", "desk")
    done = {**AGREED, **body, "submission": whole}
    again = (await officer(door, "wang").post(FILINGS, done)).created()
    assert (again["id"], again["state"], again["slip"]) == (made["id"], "filed", None)
    # Who has begun it is remembered beside who ended it.
    done_by = await HotlineFiling.get(id=made["id"])
    assert (done_by.officer, done_by.hands, done_by.answers) == ("wang", ["li"], None)
    other = (await filed(li, call, "suggest-police", half, wait=True)).created()
    zhang, body = owner(door, "zhang"), {"number": NUMBER, "slip": other["slip"]}
    for _ in range(2):
        assert (await zhang.post(f"{SLIPS}/bind", body)).ok()["state"] == "bound"
    (await zhang.delete(f"{FILINGS}/{other['id']}")).problem(404, "not-found")
    assert (await zhang.get("/v1/items/suggest-police/draft")).ok()["answers"] == half["answers"]
    (await li.post(f"{SLIPS}/withdraw", body)).problem(409, "anothers-filing")


async def test_consent_taken_back_ends_what_can_end(door: Door, li: Person, call: str) -> None:
    whole = await suggestion(door)
    made = (await filed(li, call, "suggest-police", whole)).created()
    waits = (await filed(li, call, "suggest-police", {"answers": {}}, wait=True)).created()
    for one in (made, waits):
        body = {"number": NUMBER, "slip": one["slip"]}
        assert (await li.post(f"{SLIPS}/withdraw", body)).ok()["is_withdrawn"]
        (await li.post(f"{SLIPS}/read", body)).problem(404, "no-such-slip")
    assert (await Case.get()).state == "withdrawn"
    assert (await HotlineFiling.get(id=waits["id"])).answers is None


async def test_a_caller_is_forgotten_and_a_number_leaves_with_the_last_thing_under_it(
    door: Door, clock: Clock, li: Person, call: str
) -> None:
    (await filed(li, call, "suggest-police", {"answers": {}}, wait=True)).created()
    subject = (await li.get(call)).ok()["subject"]
    await forget_person(door.platform, DataSubject(subject))
    assert await HotlineCaller.all().count() == await HotlineFiling.all().count() == 0
    await Switch(door).told("missed", "c9")
    clock.on(days=731)
    await tidy(door.platform)
    assert await HotlineCaller.all().count() == await HotlineCall.all().count() == 0


@given(text_account="sms:city")
async def test_a_code_goes_out_without_a_personal_word_to_whoever_agreed_to_texts(
    door: Door, li: Person, call: str
) -> None:
    whole = await suggestion(door)
    quiet = (await filed(li, call, "suggest-police", whole)).created()
    made = (await filed(li, call, "suggest-police", whole, name="李示例", texts=True)).created()
    said = await Said.get()
    assert made["slip"] in said.words["text"]
    assert quiet["slip"] not in said.words["text"]
    assert "李示例" not in said.words["text"]
    caller, cases = await HotlineCaller.get(), [one["begun"]["case"]["id"] for one in (quiet, made)]
    told = [await number_to_text(door.platform, caller.subject, UUID(one)) for one in cases]
    assert told == ["", NUMBER]
    assert await number_to_text(door.platform, "zhang", UUID(cases[1])) == ""


@given(text_account="sms:city", call_back_hours=2)
async def test_what_they_agreed_to_is_texted_in_the_write_that_it_tells_of_and_leaves_with_them(
    door: Door, clock: Clock, li: Person, call: str
) -> None:
    made = (await filed(li, call, "suggest-police", {"answers": {}}, wait=True, texts=True)).created()
    until = (door.platform.now() + timedelta(hours=3)).isoformat()
    (await li.post(f"{call}/call-backs", {"until": until, "texts": True})).created()
    slip, time = [one.words["text"] for one in await Said.all().order_by("id")]
    caller = await HotlineCaller.get()
    told = b"".join([one async for one in _pieces(door.platform, DataSubject(caller.subject))]).decode()
    assert slip in told
    assert time in told
    assert made["slip"] in slip
    assert f"{datetime.fromisoformat(until).astimezone(door.platform.settings.timezone):%H:%M}" in time
    clock.on(days=800)
    await tidy(door.platform)
    assert await ChannelConversation.all().count() == await Said.all().count() == 0


async def test_an_app_that_says_somebody_is_twelve_has_whoever_cares_for_them_agree(
    door: Door, li: Person, call: str
) -> None:
    other = next(one for one in door.platform.registry.items.values() if one.kind == "application" and one.form)
    first = f"51{MADE_UP}{door.platform.today().year - 12}0101001"
    rest = (1 - 2 * int(first, 13)) % 11
    child = door.citizen("child", "李小示例", first + ("X" if rest == 10 else str(rest)))
    digits = (await child.post("/v1/conversations/codes")).created()["digits"]
    (await li.post(f"{call}/person", {"digits": digits})).ok()
    waits = (await filed(li, call, other.code, {"answers": {}}, wait=True)).created()
    assert [one["code"] for one in waits["lacks"]] == ["guardian"]
