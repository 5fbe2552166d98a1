"""The desk remembers: what is over is read by who works there, for a purpose and on record; leads see to the rest."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from banshi.testing import Door, Person
from desk.rounds import go_round
from desk.tables.models import DeskEvent, Enquiry
from tests.channels.chatting import Chatter
from tests.channels.desk.bureau import EACH_DATABASE, ENQUIRIES, Clock, calls, claimed, given, officer, waiting

PURPOSE = {"purpose": "they call about last week"}
SEARCH = "/v1/desk/search"


async def was_here(door: Door, li: Person, contact: str, *said: str, chatter: Chatter | None = None) -> str:
    """Somebody who wrote that, was answered and noted, and is gone; the path of it."""
    chatter = chatter or await calls(door, contact)
    place = await claimed(li)
    for text in said:
        await chatter.send(text)
    (await li.post(f"{place}/answers", {"text": f"an answer to {contact}"})).created()
    (await li.post(f"{place}/notes", {"text": f"a note on {contact}"})).created()
    (await li.post(f"{place}/close")).ok()
    return place


async def comes_again(chatter: Chatter) -> None:
    await chatter.send("5")
    await chatter.send("person")
    await chatter.send("1")


async def test_a_conversation_that_is_over_is_read_for_a_purpose_and_on_record(
    door: Door, li: Person, wang: Person
) -> None:
    chatter = await calls(door, "first")
    place = await was_here(door, li, "first", "my permit was lost", chatter=chatter)
    await chatter.send("1")
    await chatter.send("said to the engine afterwards")
    assert "messages" not in (await wang.get(place)).ok()
    read = (await wang.post(f"{place}/reading", PURPOSE)).ok()
    texts = [one["content"].get("text") for one in read["messages"]]
    assert texts == ["1", "my permit was lost", "Enquiries: an answer to first"]
    assert "a note on first" in [one["text"] for one in read["events"]]
    assert all(one["state"] for one in read["messages"] if one["by"] != "citizen")
    (event,) = await DeskEvent.filter(what="read")
    assert (event.officer, event.text) == ("wang", PURPOSE["purpose"])
    # Nobody of another desk, and nobody without a purpose.
    assert (await officer(door, "zhao", "fire:desk").post(f"{place}/reading", PURPOSE)).status == 404
    assert (await wang.post(f"{place}/reading", {})).status == 422
    assert (await door.citizen("qian").post(f"{place}/reading", PURPOSE)).status == 403
    assert await DeskEvent.filter(what="read").count() == 1


async def test_what_is_under_way_is_for_its_holder_and_the_lead_alone(
    door: Door, li: Person, wang: Person, sun: Person
) -> None:
    await calls(door, "first")
    (listed,) = (await sun.get(ENQUIRIES)).ok()["items"]
    place = f"{ENQUIRIES}/{listed['id']}"
    (await li.post(f"{place}/claim")).ok()
    assert (await wang.post(f"{place}/reading", PURPOSE)).problem(409, "not-over")
    assert len((await sun.post(f"{place}/reading", PURPOSE)).ok()["messages"]) == 1
    assert (await officer(door, "zhao", "fire:desk-lead").post(f"{place}/reading", PURPOSE)).status == 404
    assert (await sun.post(f"{place}/claim")).status == 404


@EACH_DATABASE
async def test_who_comes_again_is_known_to_the_next_officer_and_nobody_else_s_words_are(
    door: Door, li: Person, wang: Person
) -> None:
    chatter = Chatter(door, "en", "shared")
    await chatter.send("person")
    await chatter.send("1")
    await was_here(door, li, "a stranger", "the stranger's secret", chatter=chatter)
    await chatter.is_linked("wang", name="Wang")
    for number in range(2):
        await comes_again(chatter)
        await was_here(door, li, f"wang, {number}", f"wang's words {number}", chatter=chatter)
    await comes_again(chatter)
    place = f"{ENQUIRIES}/{(await waiting(wang))[0]['id']}"
    earlier = (await wang.post(f"{place}/claim")).ok()["earlier"]
    assert [one["text"] for one in earlier["notes"]] == ["a note on wang, 1"]
    assert "wang's words 1" in [one["content"].get("text") for one in earlier["messages"]]
    assert "stranger" not in str(earlier)
    listed = (await wang.post(f"{place}/earlier", PURPOSE)).ok()["items"]
    assert len(listed) == 2
    assert await Enquiry.all().count() == 4
    held = (await door.citizen("wang").get("/v1/me/data")).ok()["held"]
    assert len(held["desk"]["desk_enquiry"]) == 3
    assert "wang's words 0" in str(held["conversations"]["conversations_turn"])


@EACH_DATABASE
async def test_messages_come_page_by_page_and_none_is_out_of_reach(door: Door, li: Person) -> None:
    chatter = await calls(door, "first")
    place = await claimed(li)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("desk.routes.reading.MAX_MESSAGES", 3)
        for number in range(7):
            await chatter.send(f"message {number}")
        seen, before = list[str](), ""
        while page := (await li.get(f"{place}/messages{before}")).ok()["items"]:
            seen = [*(one["content"]["text"] for one in page), *seen]
            before = f"?before={page[0]['id']}"
        assert seen == ["1", *(f"message {number}" for number in range(7))]
    assert (await li.get(f"{place}/messages?before={uuid4()}")).ok()["items"] == []
    assert (await officer(door, "wang").get(f"{place}/messages")).problem(409, "held-by-other")


@EACH_DATABASE
async def test_a_search_finds_words_at_one_s_own_desks_alone(door: Door, li: Person, zhao: Person) -> None:
    first = await was_here(door, li, "first", "my Residence permit was lost")
    await was_here(door, li, "second", "an ID card")
    sought = {**PURPOSE, "words": "residence PERMIT"}
    found = (await li.post(SEARCH, sought)).ok()
    assert [one["id"] for one in found["items"]] == [first.rpartition("/")[2]]
    assert [one["content"]["text"] for one in found["items"][0]["messages"]] == ["my Residence permit was lost"]
    assert found["next"] is None
    assert (await zhao.post(SEARCH, sought)).ok()["items"] == []
    assert (await zhao.post(SEARCH, {**sought, "desk": "reception"})).status == 404
    assert await DeskEvent.filter(what="read", officer="li").count() == 1
    for wrong in ({"words": "x"}, {"words": "字" * 101}, {"before": "x"}, {"purpose": " "}):
        assert (await li.post(SEARCH, {**sought, **wrong})).status == 422
    for odd in ("%", "_", "' OR 1=1", "\u202e", "(.*)+$"):
        assert (await li.post(SEARCH, {**PURPOSE, "words": f"{odd}{odd}"})).ok()["items"] == []


async def test_a_search_goes_on_where_it_ended(door: Door, li: Person) -> None:
    for number in range(3):
        await was_here(door, li, f"contact {number}", "the same words")
    found, body = 0, {**PURPOSE, "words": "same words"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("desk.routes.reading.MAX_SEARCHED", 2)
        while True:
            page: Any = (await li.post(SEARCH, body)).ok()
            found += len(page["items"])
            if page["next"] is None:
                break
            body = {**body, "before": page["next"]}
    assert found == 3


async def test_a_lead_takes_over_and_hands_on_what_others_hold_or_nobody(
    door: Door, li: Person, wang: Person, sun: Person
) -> None:
    chatter = await calls(door, "first")
    place = f"{ENQUIRIES}/{(await waiting(li))[0]['id']}"
    assert await waiting(wang)
    assert (await sun.post(f"{place}/transfer", {"officer": "nobody"})).status == 422
    assert (await sun.post(f"{place}/transfer", {"officer": "li"})).ok()["officer"]["id"] == "li"
    assert await chatter.state() == "held"
    assert (await wang.post(f"{place}/transfer", {"officer": "wang"})).problem(409, "held-by-other")
    assert (await wang.post(f"{place}/take-over", PURPOSE)).status == 404
    assert (await sun.post(f"{place}/take-over", {})).status == 422
    taken = (await sun.post(f"{place}/take-over", PURPOSE)).ok()
    assert (taken["officer"]["id"], len(taken["messages"])) == ("sun", 1)
    assert (await li.post(f"{place}/answers", {"text": "Good day."})).problem(409, "held-by-other")
    (await sun.post(f"{place}/answers", {"text": "Good day."})).created()
    assert (await sun.post(f"{place}/transfer", {"officer": "wang"})).ok()["officer"]["id"] == "wang"
    assert (await sun.post(f"{place}/transfer", {"desk": "fire"})).ok()["state"] == "waiting"
    assert await chatter.state() == "waiting"
    whats = await DeskEvent.all().order_by("id").values_list("what", flat=True)
    assert [one for one in whats if one in ("taken-over", "transferred")] == [
        *("transferred", "taken-over", "transferred", "transferred")
    ]
    assert (await sun.post(f"{place}/take-over", PURPOSE)).status == 404


@given(lease_minutes=5)
async def test_a_lead_has_their_time_anew_with_what_they_took_over_and_claims_nothing_else(
    door: Door, clock: Clock, li: Person, sun: Person
) -> None:
    await calls(door, "first")
    place = f"{ENQUIRIES}/{(await waiting(li))[0]['id']}"
    assert (await sun.post(f"{place}/claim")).status == 404
    taken = (await sun.post(f"{place}/take-over", PURPOSE)).ok()
    clock.on(minutes=4)
    renewed = (await sun.post(f"{place}/claim")).ok()
    assert renewed["lease_until"] > taken["lease_until"]
    clock.on(minutes=4)
    await go_round(door.platform)
    assert (await sun.get(place)).ok()["officer"]["id"] == "sun"
    assert (await li.post(f"{place}/claim")).problem(409, "held-by-other")
    (await sun.post(f"{place}/close")).ok()
    assert (await sun.post(f"{place}/claim")).problem(409, "enquiry-over")
