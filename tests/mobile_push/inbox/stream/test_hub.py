"""What the open streams are told: everything, once and in order, whatever happens at the same moment."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from banshi.testing import Door
from mobile_push.audience.audience import Listener
from mobile_push.broadcasts import publication
from mobile_push.delivery.service import PUSH, deliver
from mobile_push.inbox import hub, standings
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox.hub import Stream
from mobile_push.phones.reading.stream import _look_at, arrive, follow
from mobile_push.tables.cursor import Cursor
from mobile_push.tables.models import Broadcast, Follow, InboxMessage
from tests.mobile_push.conftest import new_message
from tests.waiting import until

EVENT = re.compile(rb"id: ([0-9]+)\.([0-9]+)\nevent: message\ndata: [^\n]+\n\n")


class Wire(asyncio.Transport):
    """A connection whose other end reads when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        #: Written and not read yet; read so far.
        self.waiting, self.read = b"", b""
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.waiting += data

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True
        self.waiting = b""

    def take(self, most: int) -> None:
        """The phone reads so many bytes."""
        self.read += self.waiting[:most]
        self.waiting = self.waiting[most:]


class Phone:
    """A phone that comes and goes, and keeps what it has read whole."""

    def __init__(self, door: Door, person: str) -> None:
        self.push, self.person = door.platform[PUSH], person
        self.cursor = Cursor()
        self.got: list[Cursor] = []
        self.wire = Wire()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Stream]:
        """The stream as its route opens it, over a wire of the test's own."""
        self.wire = Wire()
        ends = time.monotonic() + 3600
        stream = Stream(self.person, "zh-CN", self.cursor, self.wire, chunked=False, ends=ends)

        async def serve() -> None:
            with self.push.hub.open(stream):
                await arrive(self.push, stream)
                await follow(self.push, stream)

        task = asyncio.create_task(serve())
        try:
            yield stream
            assert not task.done() or not task.exception(), task
        finally:
            self.wire.closed = True
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def reads(self, most: int = 10**9) -> None:
        self.wire.take(most)
        end = 0
        for found in EVENT.finditer(self.wire.read):
            self.got.append(Cursor(int(found[1]), int(found[2])))
            end = found.end()
        self.wire.read = self.wire.read[end:]
        if self.got:
            self.cursor = self.got[-1]

    @property
    def common(self) -> list[int]:
        """The numbers of the broadcasts that it got, in the order of their arrival."""
        before = [Cursor(), *self.got]
        return [now.common for last, now in zip(before, self.got, strict=False) if now.common != last.common]

    @property
    def personal(self) -> list[int]:
        before = [Cursor(), *self.got]
        return [now.personal for last, now in zip(before, self.got, strict=False) if now.personal != last.personal]


async def publish(door: Door, size: int = 100, **audience: Any) -> int:
    """Publish an alert and announce it; its number."""
    now, text = door.platform.now(), "长" * size
    draft = await Broadcast.create(
        kind="alert",
        department="traffic",
        state="draft",
        title={"zh-CN": "暴雨预警", "en": "Rainstorm"},
        body={"zh-CN": text, "en": text},
        link="/alerts/1",
        audience=audience or {"everyone": True},
        author="li",
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )
    published = await publication.publish(door.platform, draft, [])
    await door.platform[PUSH].announce()
    assert published.seq is not None
    return published.seq


@pytest.mark.parametrize("seed", range(4))
async def test_every_phone_gets_every_message_once_and_in_order_however_it_comes_goes_and_reads(
    door: Door, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    # Little fits, so phones fall behind all the time; everybody else gets a turn after each stream or two.
    monkeypatch.setattr(hub, "MAX_BACKLOG_BYTES", 1500)
    monkeypatch.setattr(hub, "MAX_STREAMS_A_TURN", chance.choice((1, 2, 3)))
    monkeypatch.setattr("mobile_push.phones.reading.stream.LOOK_S", 0.001)
    people = [f"citizen-{number}" for number in range(8)]
    phones, done = [Phone(door, person) for person in people], asyncio.Event()
    behind, wanted, broadcasts = 0, dict.fromkeys(people, 0), 24

    async def announce() -> None:
        for _ in range(broadcasts // 2):
            await asyncio.gather(*(publish(door, chance.choice((5, 100, 400))) for _ in range(2)))
            await asyncio.sleep(chance.choice((0, 0, 0.003, 0.01)))

    async def tell() -> None:
        for _ in range(20):
            person = chance.choice(people)
            wanted[person] += 1
            await deliver(door.platform, [new_message(person)])

    async def live(phone: Phone) -> None:
        nonlocal behind
        while not done.is_set():
            async with phone.connected() as stream:
                for _ in range(chance.randrange(1, 30)):
                    await asyncio.sleep(chance.choice((0, 0, 0.001)))
                    behind += stream.full
                    phone.reads(chance.choice((0, 0, 50, 700, 5000)))

    lives = [asyncio.create_task(live(phone)) for phone in phones]
    await asyncio.gather(announce(), tell())
    done.set()
    await asyncio.gather(*lives)
    for phone in phones:
        async with phone.connected():

            def complete(phone: Phone = phone) -> bool:
                phone.reads()
                return len(phone.common) >= broadcasts and len(phone.personal) >= wanted[phone.person]

            await until(complete)
        assert phone.common == list(range(1, broadcasts + 1))
        assert phone.personal == list(range(1, wanted[phone.person] + 1))
        assert len(phone.got) == broadcasts + wanted[phone.person], "each event is one message"
    assert behind, "the test is about phones that fall behind"
    assert not len(door.platform[PUSH].hub)


async def test_two_broadcasts_at_once_come_in_the_same_order_on_every_stream(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MAX_STREAMS_A_TURN", 1)
    phones = [Phone(door, f"citizen-{number}") for number in range(40)]
    wires = [phone.connected() for phone in phones]
    streams = [await wire.__aenter__() for wire in wires]
    await until(lambda: all(stream.current for stream in streams))
    numbers = await asyncio.gather(*(publish(door) for _ in range(6)))
    for phone in phones:
        phone.reads()
        assert phone.common == sorted(numbers) == list(range(1, 7))
    for wire in wires:
        await wire.__aexit__(None, None, None)


async def test_a_phone_that_falls_behind_between_two_broadcasts_is_told_the_rest_once_it_has_read(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MAX_BACKLOG_BYTES", 3000)
    slow, quick = Phone(door, "wang"), Phone(door, "li")
    async with slow.connected() as stream, quick.connected() as other:
        await until(lambda: stream.current and other.current)
        for number in range(1, 11):
            await publish(door, 500)
            quick.reads()
            assert quick.common == list(range(1, number + 1)), "it waits for nobody"
        assert len(slow.wire.waiting) < 3000 + 2500, "nothing more is kept for it"
        while len(slow.got) < 10:
            before = len(slow.got)
            slow.reads()
            await until(lambda before=before: slow.wire.waiting or len(slow.got) > before)
        assert slow.common == list(range(1, 11))


async def test_what_is_stored_while_a_stream_reads_is_told_at_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a heartbeat later: the reading has missed it, so the stream has to read again."""
    read, late = inbox_messages.read, [new_message()]

    async def overtaken(*arguments: Any) -> list[InboxMessage]:
        rows = await read(*arguments)
        while late:
            await deliver(door.platform, [late.pop()])
        return rows

    monkeypatch.setattr(inbox_messages, "read", overtaken)
    phone = Phone(door, "wang")
    async with phone.connected():
        await deliver(door.platform, [new_message()])
        await until(lambda: phone.reads() or phone.personal == [1, 2], 5)


async def test_what_comes_while_a_stream_opens_is_told(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message, a broadcast, and a topic that its person begins to follow, all behind the look at where they stand."""
    really = standings.standings
    late = [True]

    async def overtaken(*arguments: Any) -> Any:
        found = await really(*arguments)
        while late:
            late.pop()
            await deliver(door.platform, [new_message()])
            await Follow.create(person="wang", topic="flood")
            door.platform[PUSH].hub.changed("wang", Listener(frozenset({"flood"})))
            await publish(door, topics=["flood"])
            await publish(door)
        return found

    monkeypatch.setattr(standings, "standings", overtaken)
    phone = Phone(door, "wang")
    async with phone.connected():
        await until(lambda: phone.reads() or (phone.personal, phone.common) == ([1], [1, 2]), 5)


async def test_phones_that_come_at_once_are_looked_up_together_and_each_gets_its_own(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [f"citizen-{number}" for number in range(60)]
    await deliver(door.platform, [new_message(person) for person in people[::3]])
    await Follow.bulk_create([Follow(person=person, topic="flood") for person in people[::2]])
    await publish(door, topics=["flood"])
    asked: list[int] = []
    really = standings.standings

    async def counted(platform: Any, persons: Any) -> Any:
        asked.append(len(persons))
        return await really(platform, persons)

    monkeypatch.setattr(standings, "standings", counted)
    monkeypatch.setattr("mobile_push.inbox.arrivals.MAX_PERSONS_AT_ONCE", 50)
    phones = [Phone(door, person) for person in people]
    wires = [phone.connected() for phone in phones]
    streams = [await wire.__aenter__() for wire in wires]
    await until(lambda: all(stream.current for stream in streams))
    assert asked == [50, 10]
    for number, phone in enumerate(phones):
        phone.reads()
        assert phone.personal == ([1] if number % 3 == 0 else [])
        assert phone.common == ([1] if number % 2 == 0 else [])
    for wire in wires:
        await wire.__aexit__(None, None, None)


async def test_a_database_that_fails_is_a_problem_for_each_phone_that_comes_and_the_next_ones_are_served(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any) -> Any:
        raise ConnectionError("no database")

    with monkeypatch.context() as broken:
        broken.setattr(standings, "standings", fails)
        answers = await asyncio.gather(*(door.citizen(who).get("/v1/inbox/stream") for who in ("wang", "li")))
        for answer in answers:
            answer.problem(503, "unavailable")
    assert not len(door.platform[PUSH].hub)
    async with Phone(door, "wang").connected() as stream:
        await publish(door)
        assert stream.person == "wang"


async def test_signs_of_life_go_out_to_a_few_streams_at_a_time(open_push: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand in one go would hold everybody up, and no database takes a question about as many people."""
    monkeypatch.setattr("mobile_push.phones.reading.stream.MAX_STREAMS_A_TURN", 10)
    monkeypatch.setattr("mobile_push.phones.reading.stream.ROUND_S", 0.05)
    tops, asked = standings.tops, [0]

    async def counted(platform: Any, persons: Any) -> Any:
        asked.append(len(persons))
        return await tops(platform, persons)

    monkeypatch.setattr(standings, "tops", counted)
    async with open_push(heartbeat=0.1) as door:
        phones = [Phone(door, f"citizen-{number}") for number in range(35)]
        wires = [phone.connected() for phone in phones]
        for wire in wires:
            await wire.__aenter__()
        await until(lambda: all(b": alive" in phone.wire.waiting for phone in phones))
        for wire in wires:
            await wire.__aexit__(None, None, None)
    assert max(asked) <= 10


async def test_no_sign_of_life_is_written_before_the_head_of_the_answer(open_push: Any) -> None:
    """The database may take its time over where the person stands; the phone would read no HTTP."""
    async with open_push(heartbeat=0.01) as door:
        push, wire = door.platform[PUSH], Wire()
        with push.hub.open(Stream("wang", "zh-CN", Cursor(), wire, chunked=True, ends=time.monotonic() + 3600)) as one:
            await asyncio.sleep(0.02)
            _look_at([one], push.settings)
    assert wire.waiting == b""


async def test_a_stream_that_has_ended_is_written_to_no_more(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection may serve another request by then."""
    push, wire = door.platform[PUSH], Wire()
    stream = Stream("wang", "zh-CN", Cursor(), wire, chunked=False, ends=time.monotonic() + 3600, current=True)
    stream.listener = Listener()
    with push.hub.open(stream):
        await publish(door)
        told = wire.waiting
        assert told
    # Whoever was publishing at that moment still has it in a list of all.
    monkeypatch.setattr(push.hub, "all", lambda: [stream])
    await publish(door)
    assert wire.waiting == told
