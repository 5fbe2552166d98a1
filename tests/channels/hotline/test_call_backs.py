"""Whoever was missed or promised a call is called, by one operator at a time; and asked how the answer was."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.testing import Door, Person
from hotline.tables.models import HotlineCall, HotlineCallBack
from tests.channels.desk.bureau import EACH_DATABASE, Clock, given, officer
from tests.channels.hotline.exchange import CALL_BACKS, NUMBER, Switch, filed
from tests.channels.hotline.test_filing import suggestion


@EACH_DATABASE
@given(tries=2)
async def test_one_of_any_number_of_operators_calls_back_and_nobody_there_is_tried_again(
    door: Door, clock: Clock
) -> None:
    people = [officer(door, f"o{number}") for number in range(4)]
    await Switch(door).told("missed", "c1")
    (due,) = (await people[0].get(CALL_BACKS)).ok()["items"]
    assert NUMBER not in str(due)
    place = f"{CALL_BACKS}/{due['id']}"
    claims = await asyncio.gather(*(one.post(f"{place}/claim") for one in people))
    assert sorted(reply.status for reply in claims) == [200, 409, 409, 409]
    (li,) = [one for one, reply in zip(people, claims, strict=True) if reply.status == 200]
    other = next(one for one in people if one is not li)
    assert (await li.post(f"{place}/claim")).ok()["number"] == NUMBER
    (await other.post(f"{place}/tries", {"result": "reached"})).problem(409, "call-back-taken")
    tried = (await li.post(f"{place}/tries", {"result": "no-answer", "note": "rang long"})).ok()
    assert (tried["state"], tried["tries"], tried["note"]) == ("due", 1, "rang long")
    # Nobody has the number again before its time; and whoever leaves with it loses it.
    (await other.post(f"{place}/claim")).problem(409, "conflict")
    clock.on(hours=2)
    (await other.post(f"{place}/claim")).ok()
    clock.on(minutes=31)
    assert [one["state"] for one in (await li.get(CALL_BACKS)).ok()["items"]] == ["due"]
    (await li.post(f"{place}/claim")).ok()
    over = (await li.post(f"{place}/tries", {"result": "no-answer"})).ok()
    assert over["state"] == "given-up"
    me, they = people.index(li), people.index(other)
    log = [(one["officer"], one["result"]) for one in over["log"]]
    assert log == [(f"o{me}", "no-answer"), (f"o{they}", ""), (f"o{me}", "no-answer")]
    await Switch(door).told("missed", "c2")
    assert len((await li.get(CALL_BACKS)).ok()["items"]) == 1
    assert (await officer(door, "zhao", "fire:desk").get(CALL_BACKS)).ok()["items"] == []
    (await officer(door, "zhao", "fire:desk").post(f"{place}/claim")).problem(404, "not-found")


async def test_a_call_back_is_promised_between_two_moments_and_a_call_has_one_outcome(
    door: Door, li: Person, call: str
) -> None:
    at = door.platform.now()
    until = (at + timedelta(hours=3)).isoformat()
    made = (await li.post(f"{call}/call-backs", {"until": until, "note": "about the lamp"})).created()
    assert made["why"] == "promised"
    (await li.post(f"{call}/call-backs", {"until": until})).problem(409, "conflict")
    for wrong in (at.isoformat(), "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"):
        (await li.post(f"{call}/call-backs", {"until": wrong})).problem(422, "invalid-fields")
    pop = (await li.post(f"{call}/pop", {"purpose": "to help"})).ok()
    assert [one["id"] for one in pop["call_backs"]] == [made["id"]]
    (await li.put(f"{call}/outcome", {"outcome": "emergency"})).problem(422, "invalid-fields")
    told = {"outcome": "emergency", "note": "put through to 110"}
    assert (await li.put(f"{call}/outcome", told)).ok()["outcome"] == "emergency"
    assert (await HotlineCall.get()).operator == "li"


async def test_a_satisfaction_call_rates_the_answer_as_its_citizen_would(door: Door, li: Person, call: str) -> None:
    made = (await filed(li, call, "suggest-police", await suggestion(door))).created()
    await door.settled()
    case = f"/v1/cases/{made['begun']['case']['id']}/actions"
    wang = door.staff("wang", "petitions:reviewer")
    (await wang.post(f"{case}/assign", {"details": {"category": "traffic"}})).ok()
    (await wang.post(f"{case}/answer", {"details": {"text": "It is mended."}})).ok()
    await door.settled()
    (due,) = (await li.get(CALL_BACKS)).ok()["items"]
    assert due["why"] == "rating"
    place = f"{CALL_BACKS}/{due['id']}"
    # Who answered doesn't ask how it was.
    wang = officer(door, "wang", "petitions/reception:desk", "petitions:reviewer")
    assert (await wang.get(CALL_BACKS)).ok()["items"] == []
    (await wang.post(f"{place}/claim")).problem(404, "not-found")
    assert (await li.post(f"{place}/claim")).ok()["case"] == made["begun"]["case"]["id"]
    rating = {"rating": 4, "text": "quick"}
    (await li.post(f"{place}/tries", {"result": "no-answer", "rating": rating})).problem(422, "invalid-fields")
    assert (await li.post(f"{place}/tries", {"result": "reached", "rating": rating})).ok()["state"] == "reached"
    await door.settled()
    assert (await Case.get()).state == "closed"
    rated = await CaseEvent.get(action="rate")
    assert (rated.actor, rated.actor_id) == ("staff", "li")
    assert (await HotlineCallBack.get()).stars == 4


async def test_who_is_called_back_while_it_turns_out_that_they_were_answered_is_called_to_its_end(
    door: Door, li: Person
) -> None:
    switch = Switch(door)
    for call, result, state in (("c1", "reached", "reached"), ("c2", "no-answer", "taken-back")):
        await switch.told("missed", call)
        (due,) = (await li.get(CALL_BACKS)).ok()["items"]
        place = f"{CALL_BACKS}/{due['id']}"
        (await li.post(f"{place}/claim")).ok()
        await switch.told("answered", call)
        assert (await li.post(f"{place}/tries", {"result": result})).ok()["state"] == state
    await switch.told("missed", "c3")
    (await li.post(f"{CALL_BACKS}/{(await li.get(CALL_BACKS)).ok()['items'][0]['id']}/claim")).ok()
    await switch.told("answered", "c3")
    # Of a number that nobody calls any more there is none, until it rings again.
    Clock(door, door.platform.now()).on(minutes=31)
    assert (await li.get(CALL_BACKS)).ok()["items"] == []
    await switch.told("missed", "c4")
    assert [one["calls"] for one in (await li.get(CALL_BACKS)).ok()["items"]] == [1]
