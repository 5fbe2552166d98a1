"""A person in place of the engine: one officer at a time, and nobody is forgotten in the queue."""

from __future__ import annotations

import asyncio
from pathlib import Path

from banshi.kernel.tables.cases import Case
from banshi.testing import Door, Person
from conversations.tables.models import ChannelConversation, Said
from desk.holdings import tidy
from desk.officers import KNOWN_DAYS, SEEN
from desk.rounds import go_round
from desk.tables.models import DeskEvent, DeskOfficer, Enquiry
from tests.channels.chatting import Chatter
from tests.channels.desk.bureau import (
    EACH_DATABASE,
    ENQUIRIES,
    WORKDAY,
    Clock,
    bureau,
    calls,
    claimed,
    given,
    officer,
    waiting,
)


async def only(person: Person) -> str:
    (one,) = await waiting(person)
    return f"{ENQUIRIES}/{one['id']}"


@EACH_DATABASE
async def test_who_wants_a_person_is_told_the_place_and_what_is_written_meanwhile_is_kept(
    door: Door, li: Person
) -> None:
    first = await calls(door, "first")
    assert "Enquiries: you are number 1" in first.said[-1]
    second = await calls(door, "second")
    assert "you are number 2" in second.said[-1]
    assert "kept for the officer" in (await second.send("My residence permit was lost")).text
    assert len(await waiting(li)) == 2
    place = f"{ENQUIRIES}/{(await waiting(li))[1]['id']}"
    assert "messages" not in (await li.get(place)).ok()
    held = (await li.post(f"{place}/claim")).ok()
    assert held["officer"] == {"id": "li", "name": "li"}
    texts = [one["content"].get("text") for one in held["messages"]]
    assert texts == ["1", "My residence permit was lost"]
    assert await second.state() == "held"


async def test_while_an_officer_holds_it_the_engine_is_silent_and_the_answer_comes_with_the_next_message(
    door: Door, li: Person
) -> None:
    chatter = await calls(door, "first")
    place = await claimed(li)
    assert (await chatter.send("a question")).text == ""
    first = (await li.post(f"{place}/answers", {"text": "Bring your ID card."}, key="a-1")).created()
    assert (await li.post(f"{place}/answers", {"text": "Bring your ID card."}, key="a-1")).created() == first
    assert await Said.filter(by="officer").count() == 1
    assert (await chatter.send("thanks")).text == "Enquiries: Bring your ID card."
    shown = (await li.get(place)).ok()["messages"]
    assert [(one["by"], one["content"].get("text")) for one in shown] == [
        ("citizen", "1"),
        ("citizen", "a question"),
        ("officer", "Enquiries: Bring your ID card."),
        ("citizen", "thanks"),
    ]
    assert shown[2]["state"] == "late"


async def test_only_who_holds_a_conversation_answers_and_the_others_are_told_who(
    door: Door, li: Person, wang: Person
) -> None:
    await calls(door, "first")
    place = await only(li)
    assert (await li.post(f"{place}/answers", {"text": "Good day."})).problem(409, "not-holder")
    (await li.post(f"{place}/claim")).ok()
    for way, body in (("claim", None), ("answers", {"text": "Good day."}), ("return", None), ("close", None)):
        assert (await wang.post(f"{place}/{way}", body)).problem(409, "held-by-other")["officer"] == "li"
    assert await Said.all().count() == 0
    assert "messages" not in (await wang.get(place)).ok()


@EACH_DATABASE
async def test_of_two_officers_who_claim_at_once_one_has_it(door: Door) -> None:
    officers = [officer(door, f"officer-{number}") for number in range(8)]
    for number in range(5):
        await calls(door, f"contact-{number}")
    for one in await waiting(officers[0]):
        replies = await asyncio.gather(*(own.post(f"{ENQUIRIES}/{one['id']}/claim") for own in officers))
        won = [reply.document for reply in replies if reply.status == 200]
        lost = [reply.problem(409, "held-by-other") for reply in replies if reply.status != 200]
        assert len(won) == 1
        assert {one["officer"] for one in lost} == {won[0]["officer"]["name"]}
    assert await DeskEvent.filter(what="claimed").count() == 5


@EACH_DATABASE
@given(lease_minutes=5)
async def test_a_lease_that_ends_unanswered_gives_it_back_and_the_citizen_is_told(
    door: Door, clock: Clock, li: Person
) -> None:
    chatter = await calls(door, "first")
    clock.on(minutes=1)
    await calls(door, "second")
    place = await claimed(li)
    clock.on(minutes=4)
    await go_round(door.platform)
    assert await chatter.state() == "held"
    clock.on(minutes=2)
    await asyncio.gather(go_round(door.platform), go_round(door.platform))
    assert await chatter.state() == "waiting"
    # The place that they had, before the second.
    assert "has not answered. You are in the queue again, number 1" in (await chatter.send("hello?")).text
    assert await DeskEvent.filter(what="lapsed").count() == 1
    assert (await li.post(f"{place}/answers", {"text": "Sorry."})).problem(409, "not-holder")


@given(lease_minutes=5, silence_minutes=30)
async def test_a_word_of_the_citizen_gives_the_officer_their_time_again(door: Door, clock: Clock, li: Person) -> None:
    chatter = await calls(door, "first")
    place = await claimed(li)
    (await li.post(f"{place}/answers", {"text": "Which district?"})).created()
    clock.on(minutes=20)
    await go_round(door.platform)
    await chatter.send("East")
    clock.on(minutes=4)
    await go_round(door.platform)
    assert await chatter.state() == "held"
    clock.on(minutes=2)
    await go_round(door.platform)
    assert await chatter.state() == "waiting"


@given(silence_minutes=30)
async def test_after_silence_it_is_closed_and_the_rating_is_kept(door: Door, clock: Clock) -> None:
    chatter, li = await calls(door, "first"), officer(door, "li", "petitions/reception:desk", "petitions:desk-lead")
    place = await claimed(li)
    (await li.post(f"{place}/answers", {"text": "At the window on the left."})).created()
    clock.on(minutes=31)
    await go_round(door.platform)
    assert await chatter.state() == "rating"
    assert "How was it?" in (await chatter.send("good morning")).text
    assert "Thank you." in (await chatter.send("5")).text
    (row,) = await Enquiry.all()
    assert (row.state, row.rating) == ("closed", 5)
    (figures,) = (await li.get("/v1/desk/figures")).ok()["items"]
    assert (figures["asked"], figures["answered"], figures["rated"], figures["rating"]) == (1, 1, 1, 5.0)
    # On this channel an answer reaches nobody before they write: only then it is one.
    assert figures["in_time"] == 0
    assert figures["first_answer"] >= 31 * 60


async def test_who_leaves_the_queue_or_the_account_waits_for_nobody(tmp_path: Path, database: str) -> None:
    from conversations import Left

    async with bureau(tmp_path, database) as door:
        Clock(door, WORKDAY)
        first, second, li = await calls(door, "first"), await calls(door, "second"), officer(door, "li")
        places = [f"{ENQUIRIES}/{one['id']}" for one in await waiting(li)]
        assert "left the queue" in (await first.send("cancel")).text
        assert await first.state() == "menu"
        await second.send(Left())
        assert await waiting(li) == []
        for place in places:
            assert (await li.post(f"{place}/claim")).problem(409, "enquiry-over")


async def test_words_of_danger_in_the_middle_of_a_form_ring_the_desk_and_the_form_goes_on_afterwards(
    door: Door, li: Person
) -> None:
    chatter = Chatter(door, "zh-CN", "in danger")
    await chatter.is_linked("wang", name="王小明")
    await chatter.begin("公安业务咨询")
    await chatter.send("1")
    reply = await chatter.send("有人闯进我家")
    assert reply.text.splitlines()[0].startswith("请立即拨打110")
    assert "发短信到12110" in reply.text
    assert "第1位" in reply.text
    assert "之后可以接着填" in reply.text
    assert reply.buttons == ()
    (row,) = await waiting(li)
    assert row["urgent"]
    place = f"{ENQUIRIES}/{row['id']}"
    (await li.post(f"{place}/claim")).ok()
    assert (await chatter.send("快来人")).text == ""
    (await li.post(f"{place}/close")).ok()
    assert "继续办理" in (await chatter.send("5")).text
    await chatter.send("继续")
    assert await chatter.state() == "asking"
    (dialogue,) = (await ChannelConversation.get(contact="in danger")).memory["dialogues"]
    assert "有人闯进我家" not in str(dialogue["answers"])


async def test_words_of_danger_in_a_form_while_no_desk_is_open_leave_the_form_as_it_is(door: Door) -> None:
    Clock(door, WORKDAY.replace(hour=20))
    chatter = Chatter(door, "en", "in danger")
    await chatter.is_linked("wang", name="Wang Xiaoming")
    await chatter.begin("Question to the police")
    assert await chatter.state() == "asking"
    reply = await chatter.send("somebody is breaking in")
    assert reply.text.startswith("Call 110")
    assert "continue" in reply.text.splitlines()[-1]
    assert await chatter.state() == "asking"
    assert await Enquiry.all().count() == 0


async def test_in_off_hours_a_question_becomes_a_case_with_its_deadline(door: Door) -> None:
    Clock(door, WORKDAY.replace(hour=20))
    chatter = Chatter(door, "en", "late")
    await chatter.is_linked("wang", name="Wang Xiaoming")
    await chatter.send("person")
    reply = await chatter.send("1")
    assert "Enquiries is closed now" in reply.text
    assert "2026-11-26 at 09:00" in reply.text
    assert "at least" in (await chatter.send("eh")).text or await chatter.state() == "leaving-word"
    reply = await chatter.send("How long does a replacement driving licence take?")
    assert await chatter.state() == "asking"
    for answer in ("1", "Driving licence", "0"):
        reply = await chatter.send(answer)
    assert "How long does a replacement" in reply.text
    reply = await chatter.send("1")
    assert "Handed in" in reply.text
    assert "due by" in reply.text
    (case,) = await Case.all()
    assert (case.item, case.person, case.answers["field"]) == ("consult-police", "wang", "traffic")
    assert case.answers["question"] == "How long does a replacement driving licence take?"


async def test_who_still_waits_when_the_desk_closes_is_told_and_leaves_a_word(door: Door) -> None:
    clock = Clock(door, WORKDAY.replace(hour=17, minute=29))
    chatter, other = await calls(door, "first"), await calls(door, "second", "2")
    clock.on(minutes=2)
    await go_round(door.platform)
    assert (await chatter.state(), await other.state()) == ("leaving-word", "menu")
    assert "write again when it is open" in (await other.send("hello")).text


async def test_after_three_minutes_they_are_told_once_that_it_takes_longer(door: Door, clock: Clock) -> None:
    await calls(door, "first")
    for minutes, said in ((2, 0), (2, 1), (5, 1)):
        clock.on(minutes=minutes)
        await go_round(door.platform)
        assert await Said.all().count() == said


async def test_it_is_handed_to_another_desk_with_a_note_and_its_place(door: Door, clock: Clock, li: Person) -> None:
    chatter = await calls(door, "first")
    firefighter = officer(door, "zhao", "fire:desk")
    place = await claimed(li)
    (await li.post(f"{place}/notes", {"text": "a colleague's secret"})).created()
    clock.on(minutes=1)
    await calls(door, "later", "2")
    handed = (await li.post(f"{place}/transfer", {"desk": "fire", "note": "It is about a hydrant."})).ok()
    assert (handed["desk"], handed["state"], handed["officer"]) == ("fire", "waiting", None)
    assert await chatter.state() == "waiting"
    assert (await li.get(place)).problem(404, "not-found")
    assert (await waiting(firefighter))[0]["id"] == handed["id"]
    held = (await firefighter.post(f"{place}/claim")).ok()
    text = str(held["events"])
    assert "It is about a hydrant." in text
    assert "a colleague's secret" not in text


@EACH_DATABASE
async def test_it_is_handed_to_nobody_who_was_not_seen_at_that_desk_lately(
    door: Door, clock: Clock, li: Person, wang: Person
) -> None:
    """By a token with the role there: not to one of another desk's, a lead, a citizen, nobody, or any text."""
    await calls(door, "first")
    others = [officer(door, "zhao", "fire:desk"), officer(door, "sun", "petitions/reception:desk-lead")]
    place = await claimed(li)
    for one in others:
        assert (await one.get(ENQUIRIES)).ok()["items"] == []
        (await one.get("/v1/desk/desks")).ok()
    assert (await door.citizen("qian").get(ENQUIRIES)).status == 403
    hostile = ("", " ", "WANG", "wang ", "%", "x" * 255, "'; DROP TABLE x; --", "\u202ewang")
    for whom in ("zhao", "sun", "qian", "wang", *hostile):
        refused = await li.post(f"{place}/transfer", {"officer": whom})
        assert refused.status == 422, whom
        assert {one["pointer"] for one in refused.document["problems"]} == {"/officer"}
    english = {"Accept-Language": "en"}
    refused = await li.post(f"{place}/transfer", {"officer": "zhao"}, headers=english)
    assert "let them open its list once" in refused.document["problems"][0]["detail"]
    assert (await li.get(place)).ok()["officer"]["id"] == "li"
    # Whoever looks is known, with their name, for so many days; also to another process.
    assert len(await waiting(wang)) == 0
    door.platform[SEEN].clear()
    assert (await li.post(f"{place}/transfer", {"officer": "wang"})).ok()["officer"]["id"] == "wang"
    assert await DeskOfficer.filter(officer="wang").count() == 1
    (await wang.post(f"{place}/transfer", {"officer": "li"})).ok()
    clock.on(days=KNOWN_DAYS + 1)
    await tidy(door.platform)
    assert await DeskOfficer.filter(officer__in=["wang", "zhao"]).count() == 0
