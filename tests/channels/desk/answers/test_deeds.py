"""What an officer does beside answering: a block, a quick reply by a few letters, an answer that is ended in time."""

from __future__ import annotations

import asyncio

import pytest
from tortoise.expressions import Q

from banshi.testing import Door, Person
from conversations.engine import party
from conversations.tables.models import Said
from desk.holdings import tidy
from desk.tables.models import DeskEvent, Enquiry
from tests.channels.chatting import Chatter
from tests.channels.desk.answers.city import City
from tests.channels.desk.bureau import EACH_DATABASE, ENQUIRIES, SERVING, Clock, calls, given, officer, waiting
from tests.channels.desk.ear import listening
from tests.waiting import until

PHRASES = "/v1/desk/desks/reception/phrases"
LEAD = "petitions/reception:desk-lead"
BLOCK = {"why": "insults, for the third time", "days": 3}


async def held(door: Door, li: Person, contact: str = "first") -> tuple[Chatter, str]:
    chatter = await calls(door, contact)
    place = f"{ENQUIRIES}/{(await waiting(li))[-1]['id']}"
    (await li.post(f"{place}/claim")).ok()
    return chatter, place


# -- blocks ------------------------------------------------------------------------------------------------------------


async def test_a_blocked_contact_is_told_so_and_heard_in_danger_alone_until_its_time_is_over(
    door: Door, clock: Clock, li: Person
) -> None:
    chatter, place = await held(door, li)
    shown = (await li.post(f"{place}/block", BLOCK)).ok()
    assert (shown["state"], shown["blocked_until"][:10]) == ("closed", "2026-11-28")
    told = (await chatter.send("so what")).text
    assert "takes no messages of yours before 2026-11-28 10:00" in told
    assert "insults" not in told
    await chatter.send("person")
    assert "no messages of yours before 2026-11-28" in (await chatter.send("1")).text
    assert await waiting(li) == []
    # The other desk has nothing to do with it.
    await chatter.send("person")
    assert "number 1 in the queue" in (await chatter.send("2")).text
    await chatter.send("cancel")
    danger = (await chatter.send("someone is stabbing people here")).text
    assert "110" in danger
    (urgent,) = await waiting(li)
    assert urgent["urgent"]
    (await li.post(f"{ENQUIRIES}/{urgent['id']}/claim")).ok()
    (await li.post(f"{ENQUIRIES}/{urgent['id']}/close")).ok()
    clock.on(days=5)
    await chatter.send("5")
    await chatter.send("person")
    assert "number 1 in the queue" in (await chatter.send("1")).text
    row = await DeskEvent.get(what="blocked")
    assert (row.officer, row.text) == ("li", BLOCK["why"])


async def test_a_lead_sees_who_is_blocked_and_lifts_it(door: Door, li: Person, sun: Person) -> None:
    fire = officer(door, "zhou", "fire:desk-lead")
    chatter, place = await held(door, li)
    for body in ({"days": 3}, {"why": "rude", "days": 0}, {"why": "rude", "days": 91}, {"why": " ", "days": 1}):
        assert (await li.post(f"{place}/block", body)).problem(422, "invalid-fields")
    assert (await officer(door, "wang").post(f"{place}/block", BLOCK)).problem(409, "held-by-other")
    assert (await fire.post(f"{place}/block", BLOCK)).status == 404
    (await li.post(f"{place}/block", BLOCK)).ok()
    assert (await li.post(f"{place}/block", BLOCK)).problem(409, "enquiry-over")
    listed = f"{ENQUIRIES}?state=blocked"
    assert [one["id"] for one in (await sun.get(listed)).ok()["items"]] == [place.rpartition("/")[2]]
    assert (await li.delete(f"{place}/block")).status == 404
    assert (await sun.delete(f"{place}/block")).ok()["blocked_until"] is None
    assert (await sun.delete(f"{place}/block")).problem(409, "conflict")
    assert (await sun.get(listed)).ok()["items"] == []
    assert "You can write to Enquiries again." in (await chatter.send("0")).text
    assert [one.officer for one in await DeskEvent.filter(what="unblocked")] == ["sun"]
    await chatter.send("person")
    assert "number 1 in the queue" in (await chatter.send("1")).text


@EACH_DATABASE
@given(turn_days=10, memory_days=7)
async def test_a_block_outlasts_the_records_of_its_time_and_all_of_one_contact_are_lifted_at_once(
    door: Door, clock: Clock, li: Person, sun: Person
) -> None:
    chatter, place = await held(door, li)
    (await li.post(f"{place}/block", {**BLOCK, "days": 90})).ok()
    clock.on(days=12)
    await tidy(door.platform)
    await chatter.send("person")
    assert "no messages of yours before 2027-02-23" in (await chatter.send("1")).text
    await chatter.send("someone is stabbing people here")
    urgent = f"{ENQUIRIES}/{(await waiting(li))[0]['id']}"
    (await li.post(f"{urgent}/claim")).ok()
    (await li.post(f"{urgent}/block", BLOCK)).ok()
    assert (await sun.delete(f"{urgent}/block")).ok()["blocked_until"] is None
    assert (await sun.get(f"{ENQUIRIES}?state=blocked")).ok()["items"] == []
    await chatter.send("person")
    assert "number 1 in the queue" in (await chatter.send("1")).text
    clock.on(days=90)
    await tidy(door.platform)
    assert await Enquiry.all().count() == 0


@EACH_DATABASE
async def test_of_a_block_and_words_at_once_neither_is_lost(door: Door, li: Person) -> None:
    for number in range(8):
        chatter, place = await held(door, li, f"contact-{number}")
        blocked, _ = await asyncio.gather(li.post(f"{place}/block", BLOCK), chatter.send("one more thing"))
        if blocked.status == 409:
            blocked = await li.post(f"{place}/block", BLOCK)
        assert blocked.ok()["blocked_until"]
        assert await chatter.state() == "menu"
        await chatter.send("person")
        assert "no messages of yours" in (await chatter.send("1")).text


# -- phrases -----------------------------------------------------------------------------------------------------------


async def test_a_phrase_is_found_by_a_few_letters_of_its_code_or_words_or_by_initials(
    door: Door, li: Person, sun: Person
) -> None:
    for code, zh, en in (
        ("office-hours", "办公时间是九点到五点。", "We are open from nine to five."),
        ("bring-id", "请您带上身份证。", "Please bring your ID card."),
        ("thanks", "谢谢您。", "Thank you."),
    ):
        (await sun.put(f"{PHRASES}/{code}", {"texts": {"zh-CN": zh, "en": en}, "version": 0})).ok()
    for typed, codes in {
        "off": ["office-hours"], "oh": ["office-hours"], "bgsj": ["office-hours"], "sfz": ["bring-id"],
        "身份": ["bring-id"], "ty": ["thanks"], "BRING": ["bring-id"], "th": ["thanks"], "%": [], "x" * 32: [],
    }.items():  # fmt: skip
        found = (await li.get(f"{PHRASES}?q={typed.replace('%', '%25')}")).ok()["items"]
        assert [one["code"] for one in found] == codes, typed
    first = [one["code"] for one in (await li.get(f"{PHRASES}?q=b")).ok()["items"]]
    assert first[0] == "bring-id"
    assert (await li.get(f"{PHRASES}?q=")).problem(400, "invalid-parameter")


async def test_placeholders_are_filled_when_a_phrase_is_said_and_unknown_ones_are_refused_when_it_is_written(
    door: Door, sun: Person
) -> None:
    texts = {"zh-CN": "{citizen}您好，我是{officer}，{desk}。", "en": "Dear {citizen}, {officer} of {desk}."}
    (await sun.put(f"{PHRASES}/hello", {"texts": texts, "version": 0})).ok()
    wrong = {"zh-CN": "{市民}您好。", "en": "Dear {name} and {citizen.subject}."}
    refused = (await sun.put(f"{PHRASES}/wrong", {"texts": wrong, "version": 0})).problem(422, "invalid-fields")
    assert [one["pointer"] for one in refused["problems"]] == ["/texts/zh-CN", "/texts/en", "/texts/en"]
    (await sun.put(f"{PHRASES}/number", {"texts": dict.fromkeys(texts, "No. {case}"), "version": 0})).ok()
    await Chatter(door, "en", "known").is_linked("wang", name="Wang Xiaoming")
    li = door._person("li-0042", "Li Hong", ["petitions/reception:desk"])
    known, place = await held(door, li, "known")
    (await li.post(f"{place}/answers", {"phrase": "hello"})).created()
    assert "Enquiries: Dear Wang Xiaoming, Li Hong of Enquiries." in (await known.send("well")).text
    (await li.post(f"{place}/answers", {"text": "Well, {citizen}: {other} {"})).created()
    assert "Enquiries: Well, Wang Xiaoming: {other} {" in (await known.send("well")).text
    assert (await li.post(f"{place}/answers", {"phrase": "number"})).problem(422, "invalid-fields")
    assert (await li.post(f"{place}/answers", {"phrase": "nothing"})).problem(422, "invalid-fields")
    assert (await li.post(f"{place}/answers", {"phrase": "hello", "text": "x"})).problem(422, "invalid-fields")
    nameless = officer(door, "account-7")
    stranger, place = await held(door, nameless, "stranger")
    (await nameless.post(f"{place}/answers", {"phrase": "hello"})).created()
    said = (await stranger.send("well")).text
    assert "Dear citizen, Enquiries of Enquiries." in said
    assert "account-7" not in said


# -- an answer that isn't on its way yet -------------------------------------------------------------------------------


async def test_an_answer_is_ended_before_it_is_on_its_way_and_not_afterwards(one: City) -> None:
    async with listening(one.door, one.li) as ear:
        place, li = await one.held(), one.li
        sent = await one.answers(place, "first", "accepted")
        assert (await li.delete(f"{place}/answers/{sent['id']}")).problem(409, "too-late")
        one.clock.on(hours=49)
        (await li.post(f"{place}/claim")).ok()
        shut = await one.answers(place, "wrong one", "shut")
        assert (await officer(one.door, "wang").delete(f"{place}/answers/{shut['id']}")).problem(409, "held-by-other")
        assert (await li.delete(f"{place}/answers/{place.rpartition('/')[2]}")).status == 404
        assert (await li.delete(f"{place}/answers/{shut['id']}")).status == 204
        told = await ear.heard("refused")
        assert (told["message"], "ended it" in told["why"]["en"]) == (shut["id"], True)
        assert (await li.delete(f"{place}/answers/{shut['id']}")).problem(409, "too-late")
        assert "wrong one" not in await one.sends("good morning")
        assert (await Enquiry.get(state="held")).owed_since is not None


@EACH_DATABASE
async def test_of_an_answer_that_is_ended_while_it_is_sent_the_state_says_what_is_true(one: City) -> None:
    place = await one.held()
    for number in range(5):
        said = (await one.li.post(f"{place}/answers", {"text": f"no. {number}"})).created()["said"]
        await asyncio.sleep(0.004 * number)
        status = (await one.li.delete(f"{place}/answers/{said}")).status
        for _ in range(200):
            row = await Said.get(id=said)
            if row.state != "waiting":
                break
            await asyncio.sleep(0.02)
        assert (status, row.state) in ((204, "refused"), (409, "accepted"))
        assert any(f"no. {number}" in text for text in one.provider.texts) == (row.state == "accepted")


@EACH_DATABASE
@given(most_bytes=1000)
async def test_a_long_answer_is_ended_with_all_its_parts_or_not_at_all(one: City) -> None:
    place, text = await one.held(), "\n".join(["好" * 300] * 3)
    for codes, status, states in (
        ([-1], 204, ["refused", "refused", "refused"]),
        ([0, -1], 409, ["accepted", "waiting", "waiting"]),
    ):
        one.provider.codes.extend(codes)
        said = (await one.li.post(f"{place}/answers", {"text": text})).created()["said"]
        await until(lambda: Said.exists(refusals=1, state="waiting", is_sending=False))
        assert (await one.li.delete(f"{place}/answers/{said}")).status == status
        parts = Said.filter(Q(id=said) | Q(key__startswith=said)).order_by("id")
        assert [row.state for row in await parts] == states
    await one.answers(place, "the next", "accepted")
    assert len(one.provider.texts) == 4, "nothing of the first"


@given(duty=SERVING)
async def test_an_answer_that_is_taken_to_be_sent_while_it_is_ended_is_not_ended(
    one: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await one.held()
    said = (await one.li.post(f"{place}/answers", {"text": "no."})).created()["said"]

    async def became(*_: object) -> tuple[()]:
        await Said.filter(id=said).update(attempts=1)
        return ()

    monkeypatch.setattr(party, "became", became)
    assert (await one.li.delete(f"{place}/answers/{said}")).status == 409
    assert (await Said.get(id=said)).state == "waiting"


async def test_to_claim_anew_behind_an_answer_shortens_nothing(one: City) -> None:
    place = await one.held()
    await one.answers(place, "Good day.", "accepted")
    before = (await one.li.get(place)).ok()["lease_until"]
    assert (await one.li.post(f"{place}/claim")).ok()["lease_until"] >= before
