"""Events of a switch: in any order, any number of times, whoever is killed meanwhile, they come to the same."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from banshi.foundation.findings import ConfigurationError
from banshi.kernel.runtime.process_role import ProcessRole
from banshi.testing import Door, Person, open_door
from benchmarks.shared.cities import city
from desk import Enquiry
from desk.rounds import go_round
from desk.tables.models import DeskOfficer
from hotline.tables.models import HotlineCall, HotlineCallBack, HotlineCaller
from tests.channels.desk.bureau import DEPARTMENTS, DESKS, EACH_DATABASE, Clock, officer, waiting
from tests.channels.desk.ear import listening
from tests.channels.hotline.exchange import (
    CALL_BACKS,
    CALLS,
    EVENTS,
    HOTLINE,
    NUMBER,
    Switch,
    exchange,
    now,
    signed,
    taken,
)
from tests.channels.strangers.judge import server
from tests.servers.ports import free_port
from tests.tries import tries

#: Calls that the switch tells of while servers are killed, and how often.
MANY, KILLS = tries(100, 5_000), tries(3, 20)


async def test_a_call_rings_at_its_desk_and_is_told_to_its_operators_alone(
    door: Door, li: Person, zhao: Person
) -> None:
    switch = Switch(door)
    async with listening(door, li) as ours, listening(door, zhao) as theirs:
        await switch.told("ringing", "c1")
        queued = await ours.heard("queued")
        assert (queued["enquiry"]["kind"], queued["enquiry"]["desk"]) == ("call", "reception")
        await switch.told("answered", "c1", agent="201")
        given = await ours.heard("given")
        assert given["enquiry"]["officer"]["id"] == "li"
        for took in ("wait", "first_answer"):
            name = f"banshi_desk_{took}_seconds_count"
            assert door.platform.metrics.get_sample_value(name, {"desk": "reception"}) == 1
        call = (await li.get(f"/v1/hotline/calls/{given['enquiry']['subject']}")).ok()
        assert (call["number"], call["is_proved"]) == (NUMBER, False)
        await switch.told("ringing", "c2", line="9600119")
        assert (await theirs.heard("queued"))["enquiry"]["desk"] == "fire"
        assert len(theirs.events) == 1
        assert NUMBER not in json.dumps(ours.events + theirs.events)


@EACH_DATABASE
async def test_whom_the_switch_has_put_through_holds_the_call_whoever_claimed_it(
    door: Door, li: Person, wang: Person
) -> None:
    assert await waiting(li) == []
    await Switch(door).told("ringing", "c1")
    (one,) = await waiting(wang)
    claims = [li.post(f"/v1/desk/enquiries/{one['id']}/claim") for _ in range(1)]
    claims += [wang.post(f"/v1/desk/enquiries/{one['id']}/claim")]
    assert sorted(reply.status for reply in await asyncio.gather(*claims)) == [200, 409]
    for _ in range(2):
        await Switch(door).told("answered", "c1", agent="wang")
    assert (await Enquiry.get()).officer == "wang"
    assert (await wang.get(f"/v1/hotline/calls/{one['subject']}")).ok()["answered_at"]
    assert (await li.get(f"/v1/hotline/calls/{one['subject']}")).problem(409, "not-on-the-call")


async def test_an_operator_who_logs_out_in_the_middle_keeps_the_call_and_then_it_is_closed(
    door: Door, clock: Clock, li: Person, call: str
) -> None:
    claim = f"/v1/desk/enquiries/{(await Enquiry.get()).id}/claim"
    # However long they talk, it is theirs; and some minutes more.
    for minutes in (45, 45, 20):
        clock.on(minutes=minutes)
        await go_round(door.platform)
        (await li.get(call)).ok()
        if minutes == 45:
            continue
        await Switch(door).told("ended", "c1")
        clock.on(minutes=29)
        (await li.post(claim)).ok()
        (await li.get(call)).ok()
    clock.on(minutes=2)
    # Nobody keeps it open for longer.
    (await li.post(claim)).ok()
    (await li.get(call)).problem(409, "not-on-the-call")
    clock.on(minutes=6)
    await go_round(door.platform)
    assert (await Enquiry.get()).state == "closed"


REFUSED: dict[str, dict[str, Any]] = {
    "another event": {"event": "sang"},
    "no offset": {"at": "2026-12-01T08:00:00"},
    "no moment": {"at": "0001-01-01T00:00:00+14:00"},
    "a member too many": {"caller": "x"},
    "a name with a blank": {"call": "a b"},
    "no digest": {"recording": {"reference": "r", "sha256": "x"}},
}


async def test_what_cannot_be_read_is_refused_and_nothing_is_kept(door: Door) -> None:
    at, told = door.platform.now(), dict[str, int]()
    for name, more in REFUSED.items():
        body = {"event": "ringing", "call": "c1", "at": at.isoformat(), "number": NUMBER, **more}
        told[name] = (await door.anyone.call("POST", EVENTS, **signed(body, at))).status
    assert told == dict.fromkeys(REFUSED, 422)
    assert not await HotlineCall.exists()


async def test_nobody_but_the_switch_tells_of_calls(tmp_path: Path) -> None:
    async with exchange(tmp_path) as door:
        at = door.platform.now()
        body = {"event": "ringing", "call": "c1", "at": at.isoformat()}
        told = signed(body, at)
        for headers in ({}, {"webhook-signature": "v1,AAAA"}, {"webhook-id": "another"}):
            wrong = {**(told["headers"] if headers else {"Content-Type": "application/json"}), **headers}
            (await door.anyone.call("POST", EVENTS, data=told["data"], headers=wrong)).problem(401, "not-signed")
        late = signed(body, at - timedelta(minutes=6))
        (await door.anyone.call("POST", EVENTS, **late)).problem(401, "not-signed")
        assert not await HotlineCall.exists()
    async with exchange(tmp_path, secrets=[]) as door:
        (await door.anyone.call("POST", EVENTS, **told)).problem(404, "not-found")


async def test_a_line_of_no_desk_stops_the_start_and_an_account_of_nobody_is_said(tmp_path: Path) -> None:
    async with exchange(tmp_path, text_account="sms:nowhere") as door:
        assert [one.rule for one in door.platform.registry.warnings if one.plugin == "hotline"] == ["unknown-account"]
    async with exchange(tmp_path / "none") as door:
        assert [one.rule for one in door.platform.registry.warnings if one.plugin == "hotline"] == ["no-text-account"]
    with pytest.raises(ConfigurationError, match="unknown-desk"):
        async with exchange(tmp_path / "wrong", lines={"9600119": "nowhere"}):
            pass


async def test_a_call_that_ends_before_it_rang_is_called_back_and_never_rings(door: Door, li: Person) -> None:
    switch = Switch(door)
    await switch.told("ended", "c1", recording={"reference": "r/1", "sha256": "0" * 64})
    await switch.told("ringing", "c1")
    assert await waiting(li) == []
    (due,) = (await li.get(CALL_BACKS)).ok()["items"]
    assert (due["why"], due["calls"]) == ("missed", 1)
    await switch.told("missed", "c2", number="0 199-0000-4711")
    (due,) = (await li.get(CALL_BACKS)).ok()["items"]
    assert due["calls"] == 2
    await switch.told("answered", "c2", agent="201")
    assert (await li.get(CALL_BACKS)).ok()["items"][0]["calls"] == 1
    await switch.told("answered", "c1")
    assert (await li.get(CALL_BACKS)).ok()["items"] == []
    await switch.told("missed", "c3", number="anonymous")
    assert (await li.get(CALL_BACKS)).ok()["items"] == []
    assert await HotlineCaller.all().count() == 1


async def test_a_call_rings_at_any_hour_and_no_break_takes_it_from_the_queue(
    door: Door, clock: Clock, li: Person
) -> None:
    clock.on(hours=2, minutes=30)
    await Switch(door).told("ringing", "c1")
    clock.on(minutes=1)
    await go_round(door.platform)
    (one,) = await waiting(li)
    (await li.post(f"/v1/desk/enquiries/{one['id']}/claim")).ok()
    (await li.get(f"{CALLS}/{one['subject']}")).ok()
    await Switch(door).told("ringing", "c2")
    # Its switch never tells of an end.
    clock.on(hours=5)
    await go_round(door.platform)
    assert await waiting(li) == []


async def test_what_was_noted_of_a_number_is_shown_of_a_citizen_alone_and_a_lead_who_takes_over_has_the_call(
    door: Door,
) -> None:
    lead, zhang = door.staff("lead", "petitions/reception:desk-lead"), door.citizen("zhang", name="张示例")
    shown = list[bool]()
    for number, is_proved in enumerate((False, True, False, True)):
        li, call = await taken(door, f"c{number}")
        place = f"/v1/desk/enquiries/{(await li.get(call)).ok()['enquiry']}"
        if is_proved:
            digits = (await zhang.post("/v1/conversations/codes")).created()["digits"]
            (await li.post(f"{call}/person", {"digits": digits})).ok()
        shown.append((await li.get(place)).ok()["earlier"] is not None)
        (await lead.post(f"{place}/take-over", {"purpose": "to help"})).ok()
        (await li.get(call)).problem(409, "not-on-the-call")
        assert (await lead.post(f"{call}/pop", {"purpose": "to help"})).ok()["call"]["is_proved"] is is_proved
        (await lead.post(f"{place}/notes", {"text": "is ill"})).created()
        (await lead.post(f"{place}/close")).ok()
    assert shown == [False, False, False, True]
    li, call = await taken(door, "c4")
    digits = (await zhang.post("/v1/conversations/codes")).created()["digits"]
    enquiry = (await li.post(f"{call}/person", {"digits": digits})).ok()["enquiry"]
    (await li.post(f"/v1/desk/enquiries/{enquiry}/return")).ok()
    # They hang up in the queue: nobody speaks with them any more.
    await Switch(door).told("ended", "c4")
    assert (await HotlineCall.get(ref="c4")).known == {}


#: Who sits at which desk.
SEATS = {"reception": ("li", "wang"), "fire": ("zhao", "sun")}
PEOPLE = [who for people in SEATS.values() for who in people]


def desk_of(events: Sequence[dict[str, Any]]) -> str:
    return "fire" if any("line" in event for event in events) else "reception"


def last_agent(events: Sequence[dict[str, Any]]) -> str:
    """Who has spoken with them last."""
    return max(((event["at"], event["agent"]) for event in events if "agent" in event), default=("", ""))[1]


def story(number: int, rng: random.Random, at: datetime) -> list[dict[str, Any]]:
    """A call's events; of two calls one is missed, of four one hidden, and one event alone says what was dialled."""
    about = {"call": f"c{number}", "number": "" if number % 4 == 3 else f"+86199000{number:05}"}
    names = ["ringing", *["answered"] * rng.randint(1, 3), "ended"]
    if number % 2 == 0:
        names = rng.choice((["ringing", "missed"], ["ended"], ["missed"]))
    moments = (at + timedelta(seconds=second) for second in range(len(names)))
    events = [{"event": name, "at": when.isoformat(), **about} for name, when in zip(names, moments, strict=True)]
    if rng.random() < 0.5:
        rng.choice(events[:-1] or events)["line"] = "9600119"
    for event in events:
        if event["event"] == "answered":
            event["agent"] = rng.choice(SEATS[desk_of(events)])
    return events


@EACH_DATABASE
async def test_in_any_order_it_comes_to_the_same_and_what_is_told_again_takes_a_call_from_nobody(
    tmp_path: Path, database: str
) -> None:
    rng = random.Random(41)
    async with exchange(tmp_path, database, duty=NOTHING) as door:
        at, people = door.platform.now(), dict[str, Person]()
        for desk, role in (("reception", "petitions/reception:desk"), ("fire", "fire:desk")):
            people |= {one: officer(door, one, role) for one in SEATS[desk]}
        for one in people.values():
            await waiting(one)

        async def tell(events: Sequence[dict[str, Any]]) -> None:
            for body in rng.sample(events, len(events)):
                assert (await door.anyone.call("POST", EVENTS, **signed(body, at))).status == 204

        for number in range(tries(32, 400)):
            events = story(number, rng, at)
            # Some go on.
            told = events[:-1] if number % 6 == 1 else events
            await tell(told)
            call, desk, agent = await HotlineCall.get(ref=f"c{number}"), desk_of(told), last_agent(told)
            assert (call.desk, call.agent) == (desk, agent), told
            backs = await HotlineCallBack.filter(caller_id=call.caller_id, state="due") if call.caller_id else []
            assert [one.desk for one in backs] == [desk] * (not agent and bool(call.caller_id)), told
            enquiry = await Enquiry.get_or_none(id=call.enquiry_id)
            assert enquiry is None or enquiry.desk == desk
            if agent:
                assert enquiry is not None
                assert (enquiry.state, enquiry.officer) == ("held", agent), told
                (await people[agent].get(f"/v1/hotline/calls/{call.id}")).ok()
                place = f"/v1/desk/enquiries/{enquiry.id}"
                (other,) = {*SEATS[desk]} - {agent}
                act = rng.choice([("transfer", {"officer": other}), ("return", None), ("close", None)])
                (await people[agent].post(f"{place}/{act[0]}", act[1])).ok()
            before = await Enquiry.filter(id=call.enquiry_id).values("desk", "state", "officer")
            await tell(told * 2)
            assert await Enquiry.filter(id=call.enquiry_id).values("desk", "state", "officer") == before, told


async def deliver(url: str, session: aiohttp.ClientSession, events: Sequence[Any]) -> None:
    """As a switch: each until it is taken."""
    for body in events:
        while True:
            try:
                async with session.post(url, **signed(body, now())) as answer:
                    if answer.status == 204:
                        break
                    assert answer.status >= 500, await answer.text()
            except (aiohttp.ClientError, OSError):
                pass
            await asyncio.sleep(0.02)


@EACH_DATABASE
@pytest.mark.long
@pytest.mark.timeout(3_600)
async def test_no_call_is_lost_and_none_is_double_whoever_is_killed(tmp_path: Path, database: str) -> None:
    """Each event comes three times, all of them shuffled, while servers die."""
    rng, port = random.Random(41), free_port()
    stories = {f"c{number}": story(number, rng, now()) for number in range(MANY)}
    events = [event for one in stories.values() for event in one] * 3
    rng.shuffle(events)
    plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in ("petitions", "fire")}
    plugins |= {"desk": "desk", "conversations": "conversations", "hotline": "hotline"}
    desks = [{name: one[name] for name in ("code", "department", "title")} for one in DESKS]
    own = {"desk": {"desks": desks}, "hotline": HOTLINE}
    config = city(tmp_path, plugins, settings=own, database=database, log_level="error")
    opened = partial(open_door, tmp_path, plugins, settings=own, platform={"database": database}, duty=NOTHING)
    async with opened() as door:
        for desk, who in [(desk, who) for desk, people in SEATS.items() for who in people]:
            await DeskOfficer.create(desk=desk, officer=who, officer_name=who, day=door.platform.today())
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        url = f"http://127.0.0.1:{port}{EVENTS}"
        lines = [asyncio.create_task(deliver(url, session, events[line::16])) for line in range(16)]
        for _ in range(KILLS):
            async with server(config, port):
                await asyncio.sleep(rng.uniform(0.05, 0.4))
        async with server(config, port):
            await asyncio.gather(*lines)
    async with opened():
        calls = await HotlineCall.all()
        assert sorted(one.ref for one in calls) == sorted({event["call"] for event in events})
        told = {(event["call"], event["event"]) for event in events}
        for one in calls:
            names = {name for ref, name in told if ref == one.ref}
            kept = (bool(one.rang_at), bool(one.answered_at), bool(one.ended_at))
            assert kept == ("ringing" in names, "answered" in names, bool(names & {"ended", "missed"})), one.ref
            assert (one.desk, one.agent) == (desk_of(stories[one.ref]), last_agent(stories[one.ref]))
        missed = {one.caller_id for one in calls if one.answered_at is None and one.caller_id}
        backs = await HotlineCallBack.filter(state="due")
        assert Counter(one.caller_id for one in backs) == Counter(missed)
        assert {one.calls for one in backs} == {1}
        assert await HotlineCaller.all().count() == len({one.caller_id for one in calls} - {None})
        enquiries = await Enquiry.filter(kind="call")
        assert len({one.subject for one in enquiries}) == len(enquiries)
        of = {one.enquiry_id: one for one in calls if one.enquiry_id}
        assert {one.id for one in enquiries} == {*of}
        # Whoever has spoken with them last holds it, for some minutes behind its end.
        assert {(one.state, one.officer) for one in enquiries} <= {("left", ""), *(("held", who) for who in PEOPLE)}
        for one in enquiries:
            assert one.desk == of[one.id].desk
            assert one.officer in ("", of[one.id].agent)


NOTHING = ProcessRole(lanes=frozenset())


@pytest.mark.long
async def test_a_flood_of_missed_calls_is_kept_whole_and_asks_for_one_call_back_each(tmp_path: Path) -> None:
    """Of one number there is one, however often it rings."""
    many = tries(300, 10_000)
    async with exchange(tmp_path, duty=NOTHING) as door:
        at, gate = door.platform.now(), asyncio.Semaphore(32)

        async def miss(number: int) -> int:
            body = {"event": "missed", "call": f"m{number}", "at": at.isoformat(), "number": f"199000{number % 50:05}"}
            async with gate:
                return (await door.anyone.call("POST", EVENTS, **signed(body, at))).status

        assert {*await asyncio.gather(*map(miss, range(many)))} == {204}
        backs = await HotlineCallBack.all()
        assert (len(backs), sum(one.calls for one in backs)) == (50, many)
