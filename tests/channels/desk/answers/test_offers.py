"""A case of the conversation, and an item's form: the citizen is asked, and only their yes begins it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from banshi import Case, Write
from banshi.testing import Door, Person
from conversations import Left
from conversations.tables.models import ChannelConversation, ContactLink, Said, Window
from desk.tables.models import DeskEvent, Enquiry
from tests.channels.chatting import Chatter
from tests.channels.desk.answers.city import City
from tests.channels.desk.answers.test_deeds import held
from tests.channels.desk.bureau import EACH_DATABASE, ENQUIRIES, given, officer
from tests.channels.desk.ear import listening
from tests.waiting import until

QUESTION = "How long may a shop leave its door open at night?"
#: What the officer knows of the form of a question.
WHOLE = {"answers": {"field": "public-order", "subject": "A shop at night"}}
FORM = {"item": "consult-police"}


async def is_now(one: City, person: str) -> None:
    """Their contact is another's."""
    row, now = await ChannelConversation.get(contact="o-zhang"), one.door.platform.now()
    await ContactLink.filter(conversation_id=row.id).update(ended_at=now)
    link = ContactLink(conversation_id=row.id, person=person, known={"name": person}, way="app", linked_at=now)
    await one.door.platform.store.commit(Write(rows=[link]))


async def asked(one: City) -> str:
    """Somebody known, who has written what it is about, and is held; the path of it."""
    await one.sends("0")
    await is_now(one, "zhang")
    place = await one.held()
    await one.sends(QUESTION)
    return place


async def offers(one: City, place: str, body: dict[str, Any] | None = None) -> str:
    """The question that they get, once it has left."""
    said = (await one.li.post(f"{place}/offers", body or WHOLE)).created()["said"]
    for _ in range(400):
        if (await Said.get(id=said)).state == "accepted":
            return one.provider.texts[-1]
        await asyncio.sleep(0.02)
    raise AssertionError((await Said.get(id=said)).state)


async def whats() -> list[str]:
    return [
        one.what for one in await DeskEvent.filter(what__in=("offered", "agreed", "declined", "filed")).order_by("id")
    ]


@EACH_DATABASE
async def test_a_yes_files_their_own_words_in_their_name_and_it_is_on_record_who_prepared_it(one: City) -> None:
    async with listening(one.door, one.li) as ear:
        place = await asked(one)
        question = await offers(one, place)
        assert f"Your question: {QUESTION}" in question
        assert "Area of work: Public order" in question
        assert question.endswith("1 Yes, please\n2 No, thanks")
        assert not await Case.exists()
        assert "Its number is" in await one.sends("yes")
        case = await Case.get()
        assert (case.person, case.item, case.answers["question"]) == ("zhang", "consult-police", QUESTION)
        filed = await DeskEvent.get(what="filed")
        assert (filed.officer, filed.cases) == ("li", [str(case.id)])
        assert (await ear.heard("filed"))["by"]["id"] == "li"
        assert await whats() == ["offered", "agreed", "filed"]
        # The conversation goes on, and its number is a placeholder.
        assert await one.sends("and now?") == ""
        await one.answers(place, "It is {case}.", "accepted")
        assert one.provider.texts[-1] == f"Enquiries: It is {case.number}."
        (await one.li.post(f"{place}/close")).ok()
        assert await Case.all().count() == 1


@pytest.mark.parametrize("word", ["no", "2", "否"])
async def test_a_no_files_nothing_and_the_officer_goes_on(one: City, word: str) -> None:
    place = await asked(one)
    await offers(one, place)
    assert (await one.li.post(f"{place}/offers", WHOLE)).problem(409, "asked-already")
    assert await one.sends(word) == "Nothing is handed in."
    assert await one.sends("yes") == ""
    assert await whats() == ["offered", "declined"]
    assert not await Case.exists()
    await offers(one, place)
    assert "Its number is" in await one.sends("1")


@given(silence_minutes=60)
async def test_what_is_no_yes_or_comes_too_late_files_nothing(one: City) -> None:
    place = await asked(one)
    await offers(one, place)
    for other in ("OK", "好的", "why?", "yes but no", "1 2"):
        assert await one.sends(other) == ""
    one.clock.on(minutes=31)
    assert await one.sends("yes") == ""
    await offers(one, place)
    (await one.li.post(f"{place}/close")).ok()
    await one.sends("yes")
    await one.sends("1")
    assert not await Case.exists()
    assert await whats() == ["offered", "offered"]


async def test_a_yes_is_of_the_one_who_was_asked_by_the_desk_that_asked_and_of_its_last_word(one: City) -> None:
    place, zhou = await asked(one), officer(one.door, "zhou", "fire:desk")
    await offers(one, place)
    await one.answers(place, "How many doors has the shop?", "accepted")
    assert await one.sends("1") == ""
    await offers(one, place)
    (await one.li.post(f"{place}/transfer", {"desk": "fire"})).ok()
    (await zhou.post(f"{place}/claim")).ok()
    assert await one.sends("yes") == ""
    (await zhou.post(f"{place}/transfer", {"desk": "reception"})).ok()
    (await one.li.post(f"{place}/claim")).ok()
    await is_now(one, "wang")
    assert await one.sends("yes") == ""
    assert await whats() == ["offered", "offered"]
    assert not await Case.exists()


async def test_what_was_offered_to_one_is_not_read_by_who_has_the_contact_later(one: City) -> None:
    place = await asked(one)
    await Window.all().update(sends_left=0)
    said = (await one.li.post(f"{place}/offers", WHOLE)).created()["said"]
    await until(lambda: Said.exists(id=said, state="shut"))
    await is_now(one, "wang")
    assert QUESTION not in await one.sends("hi")


@given(most_bytes=600)
async def test_they_see_all_of_what_is_handed_in_and_what_the_form_cannot_take_is_not_cut(one: City) -> None:
    place = await asked(one)
    for word in ("A" * 500, "THE END"):
        await one.sends(word)
    await offers(one, place)
    await until(lambda: one.provider.texts[-1].endswith("No, thanks"))
    whole = "".join(one.provider.texts)
    assert whole.count("A" * 100) >= 4
    assert whole.endswith("THE END\n1 Yes, please\n2 No, thanks")
    assert "Its number is" in await one.sends("yes")
    await one.sends("B" * 1900)
    refused = await one.li.post(f"{place}/offers", WHOLE, headers={"Accept-Language": "en"})
    told = refused.problem(422, "invalid-fields")
    assert "letters longer than the form takes" in str(told)


async def test_a_question_that_they_have_not_read_yet_has_no_yes(door: Door, li: Person) -> None:
    await Chatter(door, "en", "first").is_linked("wang", name="Wang Xiaoming")
    chatter, place = await held(door, li)
    await chatter.send(QUESTION)
    (await li.post(f"{place}/offers", WHOLE)).created()
    assert "handed in as" in (await chatter.send("yes")).text
    assert not await Case.exists()
    assert "Its number is" in (await chatter.send("yes")).text
    assert (await Case.get()).person == "wang"


async def test_a_stranger_is_led_to_the_sign_in_and_says_yes_once_more(one: City) -> None:
    place = await one.held()
    form = {"item": "petition-review"}
    assert "fill in" in await offers(one, place, form)
    told = await one.sends("yes")
    assert "have to know who you are" in told
    # Ten digits would be read by the officer.
    assert "digits" not in told
    assert (await Enquiry.get()).state == "held"
    assert not await DeskEvent.exists(what="agreed")
    row = await ChannelConversation.get(contact="o-zhang")
    assert row.state == "held"


@EACH_DATABASE
async def test_of_two_windows_one_asks_and_of_two_yeses_one_files(one: City) -> None:
    place = await asked(one)
    twice = await asyncio.gather(*(one.li.post(f"{place}/offers", WHOLE) for _ in range(2)))
    assert sorted(reply.status for reply in twice) == [201, 409]
    await asyncio.sleep(0.2)
    # The second is a number of the first question.
    await asyncio.gather(one.sends("yes"), one.sends("1"))
    assert [row.what for row in await DeskEvent.filter(what="agreed")] == ["agreed"]


# -- forms -------------------------------------------------------------------------------------------------------------


async def test_a_form_is_filled_in_while_the_officer_keeps_the_conversation(one: City) -> None:
    place = await asked(one)
    assert "The officer reads along." in await offers(one, place, FORM)
    first = await one.sends("1")
    assert first
    assert (await ChannelConversation.get(contact="o-zhang")).state == "asking"
    # The officer answers meanwhile, and hears a word of danger.
    await one.answers(place, "Take your time.", "accepted")
    assert "110" in await one.sends("someone is stabbing people here")
    assert [row.urgent for row in await Enquiry.all()] == [True]
    assert (await ChannelConversation.get(contact="o-zhang")).state == "held"
    assert await one.sends("hello?") == ""
    (await one.li.post(f"{place}/close")).ok()
    assert "Thank you" in await one.sends("5")


async def test_a_form_is_left_or_goes_on_and_the_officer_may_close_meanwhile(one: City) -> None:
    place = await asked(one)
    await offers(one, place, FORM)
    await one.sends("1")
    left = await one.sends("cancel")
    assert "nothing was handed in" in left
    assert "now is for the officer." in left
    assert await one.sends("hello?") == ""
    await offers(one, place, FORM)
    await one.sends("1")
    assert (await one.li.post(f"{place}/offers", WHOLE)).problem(409, "conflict")
    one.clock.on(minutes=4)
    filling = (await Enquiry.get()).lease_until
    await one.sends("public order")
    assert filling < (await Enquiry.get()).lease_until
    (await one.li.post(f"{place}/return")).ok()
    (await one.li.post(f"{place}/claim")).ok()
    (await one.li.post(f"{place}/close")).ok()
    # What they are asked now is how it was, and the form waits.
    assert "Thank you." in await one.sends("1")
    assert ((await Enquiry.get()).rating, await Case.exists()) == (1, False)
    assert "Subject" in await one.sends("continue")
    assert "nothing was handed in" in await one.sends("cancel")
    assert "Who is it for?" in await one.sends("person")


@pytest.mark.parametrize("words", [["cancel", "hello?"], ["someone is stabbing people here"], [Left(), "person", "1"]])
async def test_whoever_was_given_back_during_a_form_waits_in_the_queue_and_can_be_claimed(
    one: City, words: list[Any]
) -> None:
    place = await asked(one)
    await offers(one, place, FORM)
    await one.sends("1")
    (await one.li.post(f"{place}/return")).ok()
    for word in words:
        await one.sends(word)
    assert "110" in await one.sends("someone is stabbing people here")
    row = await Enquiry.get(state="waiting")
    assert (row.urgent, (await ChannelConversation.get(contact="o-zhang")).state) == (True, "waiting")
    (await one.li.post(f"{ENQUIRIES}/{row.id}/claim")).ok()
    assert (await ChannelConversation.get(contact="o-zhang")).state == "held"
    assert await one.sends("hello") == ""


async def test_what_cannot_be_offered_is_refused_before_anybody_is_asked(door: Door, li: Person) -> None:
    zhou = officer(door, "zhou", "fire:desk")
    _, place = await held(door, li)
    before = await Said.all().count()
    for item in ("nothing-like-this", "tip-off"):
        assert (await li.post(f"{place}/offers", {"item": item})).problem(422, "invalid-fields")
    assert (await zhou.post(f"{place}/offers", {"item": "consult-police"})).status == 404
    assert (await officer(door, "wang").post(f"{place}/offers", WHOLE)).problem(409, "held-by-other")
    assert await Said.all().count() == before


async def test_what_never_reached_them_is_offered_again_and_a_case_is_told_where_the_conversation_is(one: City) -> None:
    place, zhou = await asked(one), officer(one.door, "zhou", "fire:desk")
    one.provider.codes.append(43004)
    (await one.li.post(f"{place}/offers", WHOLE)).created()
    await until(lambda: Said.exists(by="officer", state="refused"))
    await offers(one, place)
    assert (await one.li.post(f"{place}/offers", WHOLE)).problem(409, "asked-already")
    await one.sends("no")
    await offers(one, place, {"answers": {"field": "public-order"}})
    assert await one.sends("yes") == "Subject"
    (await one.li.post(f"{place}/transfer", {"desk": "fire"})).ok()
    (await zhou.post(f"{place}/claim")).ok()
    for word in ("A shop at night", "0"):
        await one.sends(word)
    assert "Its number is" in await one.sends("1")
    filed = await DeskEvent.get(what="filed")
    assert (filed.desk, filed.officer) == ("fire", "li")
