"""Who is at a desk, how many each of them holds, and what waits given out by turn."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door, Person
from conversations.tables.models import ChannelConversation, Said
from desk import giving
from desk.giving import give_out
from desk.officers import HERE
from desk.rounds import go_round
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, Enquiry
from tests.channels.desk.bureau import (
    DESKS,
    EACH_DATABASE,
    ENQUIRIES,
    WORKDAY,
    Clock,
    bureau,
    calls,
    given,
    officer,
    waiting,
)
from tests.channels.desk.ear import listening
from tests.waiting import until

ROOM = "/v1/desk/desks/reception"
LEADS = "petitions:desk-lead"


def desks(**more: Any) -> list[dict[str, Any]]:
    """The reception alone, with that."""
    return [{**DESKS[0], **more}]


async def room(who: Person) -> dict[str, tuple[str, int, int | None]]:
    """Who is there, with how many they hold, and may."""
    found = (await who.get(f"{ROOM}/officers")).ok()["officers"]
    return {one["id"]: (one["state"], one["holds"], one["most"]) for one in found}


async def queued(door: Door, many: int, first: int = 0) -> None:
    for number in range(first, first + many):
        await calls(door, f"contact-{number}", "my lost permit")


async def held() -> dict[str, int]:
    rows = await Enquiry.filter(state="held")
    return {who: sum(row.officer == who for row in rows) for who in {row.officer for row in rows}}


async def are_held(many: int) -> bool:
    return await Enquiry.filter(state="held").count() == many


@EACH_DATABASE
@given(desks=desks(most=1))
async def test_a_desk_sees_who_is_there_who_is_away_who_is_full_and_who_has_gone(
    door: Door, clock: Clock, sun: Person, li: Person, wang: Person
) -> None:
    await queued(door, 1)
    assert await room(sun) == {}
    (await li.post(f"{ENQUIRIES}/{(await waiting(wang))[0]['id']}/claim")).ok()
    assert await room(sun) == {"li": ("full", 1, 1), "wang": ("online", 0, 1)}
    (await wang.put(f"{ROOM}/presence", {"away": True})).ok()
    assert (await room(wang))["wang"] == ("away", 0, 1)
    clock.on(seconds=HERE.total_seconds() + 1)
    await waiting(li)
    assert await room(sun) == {"li": ("full", 1, 1), "wang": ("gone", 0, 1)}
    since = {one["id"]: one["since"] for one in (await sun.get(f"{ROOM}/officers")).ok()["officers"]}
    assert since["li"] > since["wang"], "they came back after they had gone"
    await waiting(wang)
    assert (await room(sun))["wang"] == ("away", 0, 1), "until they say that they are back"
    (await wang.put(f"{ROOM}/presence", {"away": False})).ok()
    assert (await room(sun))["wang"] == ("online", 0, 1)


async def test_whose_stream_is_open_stays_and_each_change_is_told_to_who_follows(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.routes.stream.NOTED", timedelta(seconds=0.05))
    monkeypatch.setattr("desk.routes.stream.LOOK_S", 0.1)
    monkeypatch.setattr("desk.routes.stream.REST_S", 0.0)
    async with bureau(tmp_path, database, desks()) as door:
        clock, lead, li = Clock(door, WORKDAY), officer(door, "sun", LEADS), officer(door, "li")

        async def told(ear: Any, state: str) -> None:
            async with asyncio.timeout(30):
                while not ear.rooms or [one["state"] for one in ear.rooms[-1]] != ([state] if state else []):
                    ear.news.clear()
                    await ear.news.wait()

        async with listening(door, lead) as ear:
            async with listening(door, li):
                await told(ear, "online")
                async with listening(door, lead) as late:
                    await told(late, "online")
                (await li.put(f"{ROOM}/presence", {"away": True})).ok()
                await told(ear, "away")
                (await li.put(f"{ROOM}/presence", {"away": False})).ok()
                await told(ear, "online")
                clock.on(minutes=10)
                for _ in range(600):
                    if (await room(lead))["li"][0] == "online":
                        break
                    await asyncio.sleep(0.05)
                assert (await room(lead))["li"][0] == "online"
            clock.on(minutes=10)
            await told(ear, "")
            assert ear.events == []


@given(desks=desks(most=2))
async def test_who_holds_as_many_as_may_be_gets_no_more_until_a_lead_lets_them(
    door: Door, li: Person, wang: Person, sun: Person
) -> None:
    await queued(door, 4)
    places = [f"{ENQUIRIES}/{one['id']}" for one in await waiting(li)]
    await waiting(wang)
    for place in places[:2]:
        (await li.post(f"{place}/claim")).ok()
    refused = (await li.post(f"{places[2]}/claim")).problem(409, "officer-full")
    assert (refused["officer"], refused["holds"], refused["most"]) == ("li", 2, 2)
    assert (await li.post(f"{places[0]}/claim")).ok(), "what they hold they have anew"
    (await wang.post(f"{places[2]}/claim")).ok()
    (await wang.post(f"{places[2]}/transfer", {"officer": "li"})).problem(409, "officer-full")
    (await sun.put(f"{ROOM}/limits", {"officer": "li", "most": 3})).ok()
    (await wang.post(f"{places[2]}/transfer", {"officer": "li"})).ok()
    (await sun.put(f"{ROOM}/limits", {"officer": "li", "most": None})).ok()
    assert (await room(sun))["li"] == ("full", 3, 2), "what they hold they keep"
    (await sun.post(f"{places[3]}/take-over", {"purpose": "to help"})).ok()
    assert await held() == {"li": 3, "sun": 1}


@EACH_DATABASE
@given(desks=desks(most=3))
async def test_a_hundred_clicks_at_once_give_an_officer_no_more_than_may_be(door: Door, li: Person) -> None:
    await queued(door, 5)
    places = [f"{ENQUIRIES}/{one['id']}/claim" for one in await waiting(li)]
    replies = await asyncio.gather(*(li.post(place) for place in places * 20))
    assert {reply.status for reply in replies} == {200, 409}
    assert {reply.document["code"] for reply in replies if reply.status == 409} <= {"officer-full", "conflict"}
    assert await held() == {"li": 3}
    assert await DeskEvent.filter(what="claimed").count() == 3


@given(desks=desks())
async def test_what_is_no_limit_or_not_of_the_desk_is_refused(door: Door, li: Person, sun: Person) -> None:
    before = (await li.get(f"{ROOM}/officers")).ok()
    for person, path, body, status in (
        (sun, "limits", {"officer": "nobody", "most": 3}, 422),
        (sun, "limits", {"officer": "li", "most": 0}, 422),
        (li, "limits", {"officer": "li", "most": 3}, 404),
        (sun, "turns", {"by_turn": "yes"}, 422),
        (li, "turns", {"by_turn": True}, 404),
        (sun, "presence", {"away": True}, 404),
        (li, "presence", {}, 422),
    ):
        assert (await person.put(f"{ROOM}/{path}", body)).status == status, (path, body)
    assert (await li.get(f"{ROOM}/officers")).ok() == before


@EACH_DATABASE
@given(desks=desks())
async def test_a_lead_takes_over_in_the_moment_of_an_answer_and_each_answer_is_said_once_or_refused(
    door: Door, li: Person
) -> None:
    lead = officer(door, "sun", LEADS, "petitions/reception:desk")
    await queued(door, 1)
    place, said = f"{ENQUIRIES}/{(await waiting(li))[0]['id']}", 0
    (await li.post(f"{place}/claim")).ok()
    await waiting(lead)
    for number in range(6):
        taking = lead.post(f"{place}/take-over", {"purpose": "to help"})
        windows = [li.post(f"{place}/answers", {"text": f"answer {number}"}) for _ in range(2)]
        taken, *answers = await asyncio.gather(taking, *windows)
        assert {one.status for one in answers} <= {201, 409}
        assert {taken.status, *(one.status for one in answers)} != {409}, "somebody was the first"
        said += sum(one.status == 201 for one in answers)
        assert (taken if taken.status == 200 else await lead.post(f"{place}/take-over", {"purpose": "again"})).ok()
        (await li.post(f"{place}/answers", {"text": "too late"})).problem(409, "held-by-other")
        (await lead.post(f"{place}/transfer", {"officer": "li"})).ok()
    assert await Said.filter(by="officer").count() == said


@EACH_DATABASE
@given(desks=desks(most=2))
async def test_what_waits_is_given_to_whoever_is_there_and_got_none_for_longest_the_urgent_first(
    door: Door, clock: Clock, sun: Person
) -> None:
    people = {name: officer(door, name) for name in ("chen", "li", "wang", "zhou")}
    await queued(door, 3)
    urgent = await calls(door, "urgent", "there is a fire in my house")
    # The order in which they come: whoever never got one goes before.
    for name in ("li", "chen", "wang", "zhou"):
        await waiting(people[name])
        clock.on(seconds=1)
    (await people["wang"].put(f"{ROOM}/presence", {"away": True})).ok()
    await give_out(door.platform)
    assert await held() == {}, "nothing is given out unless it is said so"
    assert (await sun.put(f"{ROOM}/turns", {"by_turn": True})).ok()["by_turn"]
    await asyncio.gather(*(give_out(door.platform) for _ in range(4)))
    # Whoever is quicker gives them out: the desk's own look may be.
    await until(lambda: are_held(4))
    given = await DeskEvent.filter(what="given").order_by("id").values_list("officer", flat=True)
    assert list(given) == ["li", "chen", "zhou", "li"]
    first = await DeskEvent.filter(what="given").order_by("id").prefetch_related("enquiry").first()
    assert first is not None
    assert first.enquiry.urgent
    assert await urgent.state() == "held"
    await queued(door, 4, first=3)
    await give_out(door.platform)
    await until(lambda: are_held(6))
    assert await held() == {"li": 2, "chen": 2, "zhou": 2}
    assert len(await waiting(people["li"])) == 2, "all are full, or away"
    (await people["wang"].put(f"{ROOM}/presence", {"away": False})).ok()
    await give_out(door.platform)
    await until(lambda: are_held(8))
    assert await held() == {"li": 2, "chen": 2, "zhou": 2, "wang": 2}
    (await sun.put(f"{ROOM}/turns", {"by_turn": False})).ok()
    await queued(door, 1, first=8)
    (await sun.put(f"{ROOM}/limits", {"officer": "li", "most": 5})).ok()
    await give_out(door.platform)
    assert len(await waiting(people["li"])) == 1


@given(desks=desks())
async def test_what_cannot_be_given_out_just_now_is_not_tried_again_in_the_same_look(door: Door) -> None:
    await queued(door, 1)
    await waiting(officer(door, "li"))
    await ChannelConversation.all().update(state="menu")
    assert not await giving._given(door.platform, door.platform[SETTINGS].desks[0])
    assert await held() == {}


@given(desks=desks(by_turn=True))
async def test_a_call_at_a_desk_with_turns_goes_to_an_officer_by_itself(door: Door) -> None:
    async with listening(door, officer(door, "li")) as ear:
        await queued(door, 1)
        given = await ear.heard("given")
        assert given["by"] == {"id": "li", "name": "li"}
        assert given["enquiry"]["state"] == "held"


@given(desks=desks(by_turn=True))
async def test_by_turn_whoever_gives_one_back_is_not_given_it_again_and_the_next_is_given_out(
    door: Door, li: Person, wang: Person
) -> None:
    await waiting(li)
    await queued(door, 1)
    await give_out(door.platform)
    first = await Enquiry.get(state="held")
    (await li.post(f"{ENQUIRIES}/{first.id}/return")).ok()
    await queued(door, 1, first=1)
    await give_out(door.platform)
    assert (await Enquiry.get(id=first.id)).state == "waiting"
    assert await held() == {"li": 1}
    await waiting(wang)
    await give_out(door.platform)
    assert (await Enquiry.get(id=first.id)).officer == "wang"
    (await wang.post(f"{ENQUIRIES}/{first.id}/return")).ok()
    await give_out(door.platform)
    assert await held() == {"li": 2}, "another has had it"


@given(desks=desks(by_turn=True))
async def test_by_turn_whoever_lets_one_lapse_is_away_and_the_citizen_is_told_once(
    door: Door, clock: Clock, li: Person
) -> None:
    await waiting(li)
    await queued(door, 1)
    for _ in range(3):
        await give_out(door.platform)
        assert await held() == {"li": 1}
        clock.on(minutes=6)
        await waiting(li)
        await go_round(door.platform)
        await give_out(door.platform)
        assert await held() == {}
        assert (await room(li))["li"][0] == "away"
        (await li.put(f"{ROOM}/presence", {"away": False})).ok()
    told = [row.words["text"] for row in await Said.all()]
    assert sum("has not answered" in text for text in told) == 1
