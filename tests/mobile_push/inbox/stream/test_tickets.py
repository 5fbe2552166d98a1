"""Tickets: a browser follows the stream without a header, and a ticket opens nothing else and nobody else's."""

from __future__ import annotations

import asyncio
import base64
import logging
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from cryptography.fernet import Fernet

from banshi.builtin.identity.development import development_token
from banshi.builtin.identity.ended import end_sessions
from banshi.testing import Door, Person
from mobile_push.delivery.service import PUSH
from mobile_push.phones.reading.stream_tickets import BY_TICKET, KEY_FILE, MAX_LIFE_S, TICKETS
from tests.mobile_push.conftest import send
from tests.waiting import until


async def taken(person: Person, **headers: str) -> str:
    """The address of the stream with a fresh ticket in it."""
    answer = await person.post("/v1/inbox/stream/tickets", headers=headers)
    assert answer.headers["Cache-Control"] == "no-store"
    stream: str = answer.created()["links"]["stream"]
    return stream


def ticket_of(stream: str) -> str:
    return parse_qs(urlsplit(stream).query)["ticket"][0]


async def first_event(door: Door, address: str, **headers: str) -> bytes:
    """The data of the stream's first event, asked for without a token."""
    async with aiohttp.ClientSession() as session, session.get(door.url + address, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"] == "text/event-stream"
        async for line in answer.content:
            if line.startswith(b"data: "):
                return line
    raise AssertionError("the stream ended without an event")


async def refused(door: Door, address: str) -> None:
    answer = await asyncio.wait_for(door.anyone.get(address), 5)
    answer.problem(401, "ticket-refused")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_ticket_opens_its_holder_s_own_stream_again_and_again(door: Door) -> None:
    mine, _ = await send(door, "wang"), await send(door, "li")
    stream = await taken(door.citizen("wang"))
    for _ in range(3):
        assert mine.id.encode() in await first_event(door, stream)
    later = await send(door, "wang")
    assert later.id.encode() in await first_event(door, f"{stream}&after=1")
    assert later.id.encode() in await first_event(door, stream, **{"Last-Event-ID": "1"})
    assert b'"Vehicle pass: approved"' in await first_event(
        door, await taken(door.citizen("wang"), **{"Accept-Language": "en"}), **{"Accept-Language": "zh-CN"}
    ), "the ticket keeps the language that the app asked for"


async def test_a_ticket_ends_with_its_token_and_after_an_hour_at_the_latest(door: Door) -> None:
    await send(door)
    now = time.time()
    for life, ends in ((600, 600), (86_400, MAX_LIFE_S)):
        person = door.bearing(development_token(door.platform.settings, "wang", lifetime=life))
        document = (await person.post("/v1/inbox/stream/tickets")).created()
        assert abs(datetime.fromisoformat(document["expires_at"]).timestamp() - now - ends) < 60
        await first_event(door, document["links"]["stream"])
        door.platform.now = lambda ends=ends: datetime.now(UTC) + timedelta(seconds=ends + 60)
        await refused(door, document["links"]["stream"])
        door.platform.now = lambda: datetime.now(UTC)


async def test_an_open_stream_ends_with_its_ticket(door: Door) -> None:
    token = development_token(door.platform.settings, "wang", lifetime=2)
    stream = await taken(door.bearing(token))
    async with aiohttp.ClientSession() as session, session.get(door.url + stream) as answer:
        assert answer.status == 200
        assert (await answer.read()).startswith(b"retry:")
    await until(lambda: len(door.platform[PUSH].hub) == 0)
    await refused(door, stream)


async def test_a_ticket_from_before_its_person_s_sessions_were_ended_is_refused(door: Door) -> None:
    """One of an earlier version too, which doesn't say when it was taken."""
    stream, other = await taken(door.citizen("wang")), await taken(door.citizen("li"))
    old = door.platform[TICKETS]._fernet.encrypt(f'["wang", {int(time.time()) + 600}, "en"]'.encode()).decode()
    await end_sessions(door.platform, "wang")
    await refused(door, stream)
    await refused(door, f"{BY_TICKET}?ticket={old}")
    async with aiohttp.ClientSession() as session, session.get(door.url + other) as answer:
        assert answer.status == 200


async def test_what_is_no_ticket_of_ours_is_refused(door: Door) -> None:
    good = ticket_of(await taken(door.citizen("wang")))
    raw = bytearray(base64.urlsafe_b64decode(good))
    changed = [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(len(raw))]
    forged = [base64.urlsafe_b64encode(one).decode() for one in changed]
    others = Fernet(Fernet.generate_key()).encrypt(b'["wang",99999999999,"en"]').decode()
    token = door.citizen("wang").token
    assert token is not None
    for text in (*forged, others, good[:-8], good.rstrip("=") + "AAAA", good.swapcase(), "=", "A" * 4096, ""):
        await refused(door, f"{BY_TICKET}?ticket={text}")
    await refused(door, BY_TICKET)
    for text in (token, "%00", "A" * 4097, "王", good + "%20", good + "=AAAA"):
        (await door.anyone.get(f"{BY_TICKET}?ticket={text}")).problem(400, "invalid-parameter")
    (await door.anyone.get(f"{BY_TICKET}?ticket={good}&ticket={good}")).problem(400, "invalid-parameter")
    assert len(door.platform[PUSH].hub) == 0


async def test_a_ticket_is_nothing_but_a_ticket_to_the_stream(door: Door) -> None:
    ticket = ticket_of(await taken(door.citizen("wang")))
    for path in ("/v1/inbox", "/v1/inbox/stream", "/v1/devices", "/v1/cases"):
        (await door.anyone.get(path, params={"ticket": ticket})).problem(401, "unauthenticated")
        (await door.bearing(ticket).get(path)).problem(401, "unauthenticated")
        cookie = {"Cookie": f"ticket={ticket}"}
        (await door.anyone.get(path, headers=cookie)).problem(401, "unauthenticated")
    (await door.bearing(ticket).post("/v1/inbox/stream/tickets")).problem(401, "unauthenticated")
    (await door.anyone.post("/v1/inbox/stream/tickets", params={"ticket": ticket})).problem(401, "unauthenticated")


async def test_staff_get_no_ticket(door: Door) -> None:
    (await door.staff("li", "traffic:approver").post("/v1/inbox/stream/tickets")).problem(403, "forbidden")


async def test_a_ticket_shows_nobody_whose_it_is_and_no_log_has_it(
    door: Door, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await send(door)
    stream = await taken(door.citizen("wang"))
    ticket = ticket_of(stream)
    assert b"wang" not in base64.urlsafe_b64decode(ticket)
    await first_event(door, stream)
    (await door.anyone.get(f"{stream[:-20]}")).problem(401, "ticket-refused")
    said = "".join(capfd.readouterr()) + caplog.text + (await door.anyone.get("/metrics")).body.decode()
    assert ticket[:40] not in said


async def test_processes_that_share_the_keys_know_each_other_s_tickets(open_push: Any) -> None:
    async with open_push() as one, open_push() as two:
        await send(one)
        await first_event(two, await taken(one.citizen("wang")))
        file: Path = one.platform.settings.keys_folder / KEY_FILE
        assert stat.S_IMODE((await asyncio.to_thread(file.stat)).st_mode) == 0o600
    async with open_push() as again:
        await first_event(again, await taken(again.citizen("wang")))


async def test_a_key_that_can_t_be_read_keeps_the_platform_from_starting_and_says_what_to_do(open_push: Any) -> None:
    async with open_push() as door:
        file: Path = door.platform.settings.keys_folder / KEY_FILE
    await asyncio.to_thread(file.write_bytes, b"nonsense")
    with pytest.raises(ValueError, match=r"stream-tickets\.key is no key; delete it"):
        async with open_push():
            pass


async def test_the_oldest_stream_makes_room_when_one_holder_opens_too_many(open_push: Any) -> None:
    """A ticket that got out opens as many streams as its holder's phones, and no more."""
    async with open_push(devices=2) as door, aiohttp.ClientSession() as session:
        stream = await taken(door.citizen("wang"))
        answers = [await session.get(door.url + stream) for _ in range(4)]
        assert [answer.status for answer in answers] == [200] * 4
        await until(lambda: len(door.platform[PUSH].hub) == 2)
        for answer in answers:
            answer.close()
