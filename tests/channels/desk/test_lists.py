"""What a list of the desk says of each: enough to choose, and no more than that."""

from __future__ import annotations

from typing import Any

from banshi.testing import Door, Person
from tests.channels.chatting import Chatter
from tests.channels.desk.bureau import EACH_DATABASE, ENQUIRIES, Clock, calls, officer
from tests.channels.desk.ear import listening

ENGLISH = {"Accept-Language": "en"}


@EACH_DATABASE
async def test_a_list_has_the_first_words_the_channel_the_place_and_a_masked_name(
    door: Door, clock: Clock, li: Person, sun: Person
) -> None:
    await Chatter(door, "en", "known").is_linked("wang", name="王小明")
    for contact, words in (("stranger", "x" * 300), ("known", "my passport")):
        chatter = await calls(door, contact)
        await chatter.send(words)
        clock.on(seconds=1)
    assert "110" in (await Chatter(door, "en", "danger").send("help, somebody follows me")).text

    async def seen(who: Any, state: str) -> list[tuple[Any, ...]]:
        rows = (await who.get(f"{ENQUIRIES}?state={state}", headers=ENGLISH)).ok()["items"]
        return [
            (one["name"], one["channel"], one["urgent"], one["place"], (one["words"] or {}).get("text")) for one in rows
        ]

    assert await seen(li, "waiting") == [
        ("", "test:bureau", True, 1, "help, somebody follows me"),
        ("", "test:bureau", False, 2, "x" * 200),
        ("王**", "test:bureau", False, 3, "my passport"),
    ]
    last = (await li.get(ENQUIRIES)).ok()["items"][-1]
    place = f"{ENQUIRIES}/{last['id']}"
    assert (await li.get(place)).ok()["name"] == "王**"
    shown = (await li.post(f"{place}/claim")).ok()
    assert (shown["name"], shown["place"]) == ("王小明", None)
    assert await seen(li, "held") == [("王小明", "test:bureau", False, None, "my passport")]
    assert await seen(sun, "held") == [("王**", "test:bureau", False, None, None)], "a lead reads no word by a list"
    (await li.post(f"{place}/close")).ok()
    over = (await li.get(f"{ENQUIRIES}?state=closed")).ok()["items"][0]
    assert not {"name", "channel", "place", "words"} & {*over}


async def test_a_desk_says_who_sits_there_and_all_desks_are_listed_for_handing_on(door: Door) -> None:
    for who, own in (
        (officer(door, "li"), (True, False)),
        (officer(door, "sun", "petitions:desk-lead"), (False, True)),
    ):
        (mine,) = (await who.get("/v1/desk/desks")).ok()["items"]
        assert (mine["code"], mine["sits"], mine["leads"]) == ("reception", *own)
        assert (mine["department"], mine["item"]) == ("petitions", "consult-police")
        every = (await who.get("/v1/desk/desks?all=true")).ok()["items"]
        assert [(one["code"], one["sits"] or one["leads"]) for one in every] == [
            ("reception", True),
            ("fire", False),
        ]
    assert (await officer(door, "he", "traffic:reviewer").get("/v1/desk/desks?all=true")).ok()["items"] == []


async def test_a_stream_goes_on_after_the_event_that_its_address_names(door: Door, li: Person) -> None:
    async with listening(door, li) as ear:
        await calls(door, "first")
        await ear.heard("queued")
        last = ear.events[-1][0]
    chatter = await calls(door, "second")
    await chatter.send("my passport")
    async with listening(door, li, query=f"?after={last}") as ear:
        await ear.heard("heard")
        assert [name for _, name, _ in ear.events] == ["queued", "heard"]
    (await li.get("/v1/desk/stream?after=x")).problem(400, "invalid-parameter")
