"""The live stream: what was missed, then each message as it comes; a phone that leaves leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from banshi import Message
from banshi.builtin.identity.development import development_token
from banshi.testing import Door
from mobile_push.delivery.service import PUSH, deliver
from mobile_push.inbox import messages as inbox_messages
from tests.mobile_push.conftest import new_message, send
from tests.tries import tries
from tests.waiting import until

Make = Callable[..., Message]


class Phone:
    """An app that follows its stream, and remembers the last number that it has."""

    def __init__(self, door: Door, person: str, **headers: str) -> None:
        self.door = door
        self.token = door.citizen(person).token
        self.headers = headers
        #: Every message received, in the order of its arrival, and the lines that are none.
        self.messages: list[dict[str, Any]] = []
        self.comments: list[str] = []

    @property
    def seqs(self) -> list[int]:
        return [one["seq"] for one in self.messages]

    @asynccontextmanager
    async def connected(self, **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
        own = {"Authorization": f"Bearer {self.token}", **self.headers, **headers}
        if self.messages and "Last-Event-ID" not in own:
            own["Last-Event-ID"] = self.messages[-1]["cursor"]
        timeout = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{self.door.url}/v1/inbox/stream", headers=own) as response,
        ):
            assert response.status == 200, await response.text()
            assert response.headers["Content-Type"] == "text/event-stream"
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            yield response

    async def follow(self, most: float = float("inf"), **headers: str) -> None:
        """Follow until the server ends the stream, or until so many messages have come."""
        async with self.connected(**headers) as response:
            event: dict[str, str] = {}
            async for raw in response.content:
                line = raw.decode().rstrip("\n")
                if line.startswith((":", "retry:")):
                    self.comments.append(line)
                elif line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                elif event:
                    self._take(event)
                    event = {}
                    most -= 1
                    if most <= 0:
                        return

    def _take(self, event: dict[str, str]) -> None:
        assert event.keys() == {"id", "event", "data"}, event
        document = json.loads(event["data"])
        assert (event["event"], event["id"]) == ("message", document["cursor"])
        self.messages.append(document)


@asynccontextmanager
async def following(phone: Phone, **headers: str) -> AsyncIterator[asyncio.Task[None]]:
    """The phone follows its stream during the block."""
    task = asyncio.create_task(phone.follow(**headers))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def open_streams(door: Door) -> int:
    return len(door.platform[PUSH].hub)


async def test_a_phone_gets_what_it_missed_and_then_each_message_as_it_comes(door: Door) -> None:
    missed = [await send(door) for _ in range(3)]
    phone = Phone(door, "wang")
    async with following(phone):
        await until(lambda: len(phone.messages) == 3)
        started = time.monotonic()
        live = await send(door)
        await until(lambda: len(phone.messages) == 4)
        assert time.monotonic() - started < 1.0
    assert re.fullmatch(r"retry: \d{4}", *phone.comments)
    assert [one["id"] for one in phone.messages] == [one.id for one in [*missed, live]]
    read = (await door.citizen("wang").get("/v1/inbox")).ok()["items"]
    assert phone.messages == read, "the stream and the inbox say the same"


async def test_phones_whose_streams_break_together_are_told_to_come_back_at_times_of_their_own(door: Door) -> None:
    """A restart ends all streams in one moment; docs/api/messages.md names the bounds."""
    told = []
    for number in range(40):
        async with Phone(door, f"citizen-{number}").connected() as response:
            told.append(int((await response.content.readline()).removeprefix(b"retry: ")))
    assert all(1_000 <= milliseconds <= 9_000 for milliseconds in told)
    assert len(set(told)) > 30
    assert max(told) - min(told) > 4_000


@pytest.mark.parametrize("seed", range(tries(2, 4)))
async def test_no_message_is_missed_or_doubled_however_often_the_connection_breaks(door: Door, seed: int) -> None:
    chance, people = random.Random(seed), ("wang", "li")
    phones = [Phone(door, person) for person in (*people, "wang")]
    wanted = dict.fromkeys(people, 0)
    done = asyncio.Event()

    async def publish() -> None:
        for _ in range(60):
            batch = [new_message(chance.choice(people)) for _ in range(chance.choice((1, 1, 2, 5, 70)))]
            for one in batch:
                wanted[one.person] += 1
            await deliver(door.platform, batch)
            await asyncio.sleep(chance.choice((0, 0, 0.005, 0.03)))
        done.set()

    async def live(phone: Phone) -> None:
        while not done.is_set():
            async with following(phone):
                await asyncio.sleep(chance.choice((0, 0.001, 0.01, 0.05, 0.15)))

    await asyncio.gather(publish(), *(live(phone) for phone in phones))
    for phone, person in zip(phones, (*people, "wang"), strict=True):
        async with following(phone):
            await until(lambda phone=phone, person=person: len(phone.messages) >= wanted[person])
            await asyncio.sleep(0.05)
        assert phone.seqs == list(range(1, wanted[person] + 1))
    await until(lambda: open_streams(door) == 0)


async def test_a_stream_begins_where_the_app_says(door: Door) -> None:
    for _ in range(5):
        await send(door)
    for headers, first in (({"Last-Event-ID": "3"}, 4), ({"Last-Event-ID": ""}, 1), ({}, 1)):
        phone = Phone(door, "wang")
        await phone.follow(1, **headers)
        assert phone.seqs == [first]
    token = {"Authorization": f"Bearer {door.citizen('wang').token}"}
    for query, headers, first in (("after=2", {}, b"id: 3.0\n"), ("after=2", {"Last-Event-ID": "4"}, b"id: 5.0\n")):
        async with door.session.get(f"{door.url}/v1/inbox/stream?{query}", headers=token | headers) as response:
            assert [await response.content.readline() for _ in range(3)][2] == first, "the header goes before the query"


async def test_a_quiet_stream_gives_signs_of_life_and_finds_what_nobody_woke_it_for(open_push: Any) -> None:
    async with open_push(heartbeat=0.1) as door:
        phone = Phone(door, "wang")
        async with following(phone):
            await until(lambda: phone.comments.count(": alive") >= 3)
            # As another process would: the inbox alone, without a word to this process's streams.
            await inbox_messages.store(door.platform, [new_message()], 60)
            await until(lambda: phone.seqs == [1])


async def test_phones_that_leave_leave_nothing_behind(door: Door) -> None:
    await send(door)
    await Phone(door, "wang").follow(1)
    await door.anyone.get("/metrics")  # its connection stays open
    await until(lambda: open_streams(door) == 0)
    before = len(asyncio.all_tasks())
    phones = [Phone(door, f"citizen-{number}") for number in range(30)]
    tasks = [asyncio.create_task(phone.follow()) for phone in phones]
    await until(lambda: open_streams(door) == 30)
    metrics = (await door.anyone.get("/metrics")).body.decode()
    assert "banshi_push_streams 30.0" in metrics
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await until(lambda: open_streams(door) == 0)
    await until(lambda: len(asyncio.all_tasks()) <= before)
    assert door.platform[PUSH].hub._streams == {}


async def test_twenty_open_streams_end_properly_when_the_server_stops_and_hold_it_up_for_less_than_two_seconds(
    open_push: Any,
) -> None:
    phones = []
    async with open_push() as door:
        phones = [Phone(door, f"citizen-{number}") for number in range(20)]
        tasks = [asyncio.create_task(phone.follow()) for phone in phones]
        await until(lambda: open_streams(door) == 20)
        await send(door, "citizen-7")
        await until(lambda: phones[7].seqs == [1])
        started = time.monotonic()
    assert time.monotonic() - started < 2.0
    # An error would be raised here: every stream came to its proper end.
    await asyncio.wait_for(asyncio.gather(*tasks), 2)


@asynccontextmanager
async def deaf(door: Door, person: str) -> AsyncIterator[None]:
    """A phone that opens its stream and never reads it."""
    address = urlsplit(door.url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(sock, (address.hostname, address.port))
        head = f"GET /v1/inbox/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {door.citizen(person).token}\r\n\r\n"
        await loop.sock_sendall(sock, head.encode())
        yield
    finally:
        sock.close()


def long_messages(message: Make, person: str) -> list[Message]:
    """Ten megabytes: more than the sockets' buffers hold."""
    return [message(person, body={"zh-CN": "长" * 7000, "en": "l" * 21_000}) for _ in range(500)]


async def test_a_phone_that_does_not_read_is_cut_off_harms_nobody_and_catches_up_later(open_push: Any) -> None:
    async with open_push(stream_timeout=2.0) as door, deaf(door, "wang"):
        await until(lambda: open_streams(door) == 1)
        other = Phone(door, "li")
        async with following(other):
            await until(lambda: open_streams(door) == 2)
            await deliver(door.platform, long_messages(new_message, "wang"))
            await send(door, "li")
            await until(lambda: other.seqs == [1])
            assert open_streams(door) == 2, "a neighbour waits for nobody"
            await until(lambda: open_streams(door) == 1)
        phone = Phone(door, "wang")
        await phone.follow(500)
        assert phone.seqs == list(range(1, 501))


async def test_a_phone_that_does_not_read_holds_up_the_end_of_the_server_for_less_than_two_seconds(
    open_push: Any,
) -> None:
    async with open_push(stream_timeout=60.0) as door, deaf(door, "wang"):
        await until(lambda: open_streams(door) == 1)
        await deliver(door.platform, long_messages(new_message, "wang"))
        await asyncio.sleep(0.3)
        assert open_streams(door) == 1
        started = time.monotonic()
    assert time.monotonic() - started < 2.0


async def test_one_stream_too_many_ends_the_oldest_of_that_person(open_push: Any) -> None:
    async with open_push(devices=2) as door:
        first, second, third, neighbour = [Phone(door, who) for who in ("wang", "wang", "wang", "li")]
        # Each has the head of its answer before the next comes: where none has come, a client asks once more by itself.
        async with following(neighbour), following(first) as oldest:
            await until(lambda: neighbour.comments and first.comments)
            async with following(second):
                await until(lambda: second.comments)
                async with following(third):
                    await until(oldest.done)
                    await until(lambda: open_streams(door) == 3)
                    await send(door, "wang")
                    await send(door, "li")
                    await until(lambda: second.seqs == third.seqs == neighbour.seqs == [1])


async def test_a_stream_ends_with_the_token_that_opened_it(door: Door) -> None:
    phone = Phone(door, "wang")
    phone.token = development_token(door.platform.settings, "wang", lifetime=2)
    started = time.monotonic()
    await asyncio.wait_for(phone.follow(), 6)
    assert time.monotonic() - started < 4.0
    await until(lambda: open_streams(door) == 0)


async def test_a_stream_ends_with_its_person_s_sessions_and_nobody_else_s(door: Door) -> None:
    ended, other = Phone(door, "wang"), Phone(door, "li")
    async with following(other):
        follows = asyncio.create_task(ended.follow())
        await until(lambda: open_streams(door) == 2)
        assert (await door.citizen("wang").delete("/v1/me/sessions")).status == 204
        await asyncio.wait_for(follows, 30)
        assert open_streams(door) == 1


async def test_a_stream_speaks_the_apps_language_and_never_of_another_person(door: Door) -> None:
    english, other = Phone(door, "wang", **{"Accept-Language": "en"}), Phone(door, "li")
    async with following(english), following(other):
        await until(lambda: open_streams(door) == 2)
        await send(door, "wang")
        mine = await send(door, "li")
        await until(lambda: english.seqs == other.seqs == [1])
    assert english.messages[0]["title"] == "Vehicle pass: approved"
    assert [one["id"] for one in other.messages] == [mine.id]


async def test_a_stream_is_for_its_citizen_alone(door: Door) -> None:
    (await door.anyone.get("/v1/inbox/stream")).problem(401, "unauthenticated")
    (await door.staff("li", "traffic:approver").get("/v1/inbox/stream")).problem(403, "forbidden")


async def test_the_head_alone_of_a_stream_is_no_stream_and_has_no_body(door: Door) -> None:
    address = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    token = door.citizen("wang").token
    asked = f"HEAD /v1/inbox/stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(asked.encode())
    async with asyncio.timeout(5):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 405"), head
    assert b"Allow: GET" in head
    assert body == b""
    assert open_streams(door) == 0


async def test_a_wrong_place_to_begin_is_a_problem_and_opens_no_stream(door: Door) -> None:
    citizen = door.citizen("wang")
    for wrong in (
        "-1",
        "abc",
        "1.",
        "1.0.0.0",
        "0x10",
        " ",
        "１",
        "²",
        "99999999999999999",
        "1, 2",
        "1;2",
        "null",
        "9" * 5000,
    ):
        headers = {"Last-Event-ID": wrong.encode().decode("latin-1")}
        if wrong.strip():
            (await citizen.get("/v1/inbox/stream", headers=headers)).problem(400, "invalid-parameter")
    for query in ("after=-1", "after=x", "after=1&after=2", "limit=5", "lastEventId=3"):
        (await citizen.get(f"/v1/inbox/stream?{query}")).problem(400, "invalid-parameter")
    assert open_streams(door) == 0
