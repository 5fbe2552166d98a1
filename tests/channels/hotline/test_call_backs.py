"""Whoever was missed or promised a call is called, by one operator at a time; and asked how the answer was."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from banshi.kernel.tables.cases import Case, CaseEvent
from hotline.tables.models import HotlineCall, HotlineCallBack
from tests.channels.desks import Clock, officer
from tests.channels.hotline.exchange import CALL_BACKS, NUMBER, Switch, exchange, filed, taken
from tests.channels.hotline.test_filing import suggestion


async def test_one_of_any_number_of_operators_calls_back_and_nobody_there_is_tried_again(
    tmp_path: Path, database: str
) -> None:
    async with exchange(tmp_path, database, tries=2) as door:
        clock, people = Clock(door, door.platform.now()), [officer(door, f"o{number}") for number in range(4)]
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
        # Whoever leaves with it loses it.
        (await other.post(f"{place}/claim")).ok()
        clock.on(minutes=31)
        assert [one["state"] for one in (await li.get(CALL_BACKS)).ok()["items"]] == ["due"]
        (await li.post(f"{place}/claim")).ok()
        assert (await li.post(f"{place}/tries", {"result": "no-answer"})).ok()["state"] == "given-up"
        await Switch(door).told("missed", "c2")
        assert len((await li.get(CALL_BACKS)).ok()["items"]) == 1
        assert (await officer(door, "zhao", "fire:desk").get(CALL_BACKS)).ok()["items"] == []
        (await officer(door, "zhao", "fire:desk").post(f"{place}/claim")).problem(404, "not-found")


async def test_a_call_back_is_promised_between_two_moments_and_a_call_has_one_outcome(tmp_path: Path) -> None:
    async with exchange(tmp_path) as door:
        li, call = await taken(door)
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


async def test_a_satisfaction_call_rates_the_answer_as_its_citizen_would(tmp_path: Path, database: str) -> None:
    async with exchange(tmp_path, database) as door:
        li, call = await taken(door)
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
        assert (await li.post(f"{place}/claim")).ok()["case"] == made["begun"]["case"]["id"]
        rating = {"rating": 4, "text": "quick"}
        (await li.post(f"{place}/tries", {"result": "no-answer", "rating": rating})).problem(422, "invalid-fields")
        assert (await li.post(f"{place}/tries", {"result": "reached", "rating": rating})).ok()["state"] == "reached"
        await door.settled()
        assert (await Case.get()).state == "closed"
        rated = await CaseEvent.get(action="rate")
        assert (rated.actor, rated.actor_id) == ("staff", "li")
        assert (await HotlineCallBack.get()).stars == 4
