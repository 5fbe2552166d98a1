"""A desk behind two servers on PostgreSQL: eight people do everything at once, and what one of them is told live.

`benchmarks/claims.py` does it at length, `test_rivals.py` in short.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from banshi.testing import Person
from benchmarks.shared.cities import OWN, PUSH, UNLIMITED, city
from benchmarks.shared.databases import asked
from benchmarks.shared.processes import serving
from tests.channels.desk.bureau import CITY, DEPARTMENTS, DESKS, ENQUIRIES, STREAM

#: Who sits there, and those of them who lead it too; conversations that they fight for.
OFFICERS, LEADS, FOUGHT_FOR = [f"officer-{number}" for number in range(6)], ["lead-0", "lead-1"], 4
ROLES = {"officer": ["petitions/reception:desk"], "lead": ["petitions/reception:desk", "petitions:desk-lead"]}

#: Conversations that are open beside, by officers who hold them, and messages a second that come of all.
OPEN, HOLDERS, RATE = 200, 10, 20


@dataclass
class Room:
    """One desk, and the way to each server."""

    urls: Sequence[str]
    data: Path
    session: aiohttp.ClientSession
    people: dict[str, Person] = field(default_factory=dict)

    def who(self, name: str, server: int = 0) -> Person:
        """Somebody of the staff at one of the servers."""
        key = f"{name} {server}"
        if key not in self.people:
            token = development_token(Settings(data=self.data), name, roles=ROLES[name.partition("-")[0]])
            self.people[key] = Person(self.session, self.urls[server], token)
        return self.people[key]

    async def writes(self, contact: str, text: str, server: int = 0) -> None:
        """A citizen's message."""
        body = {"key": f"{contact}-{time.monotonic_ns()}", "contact": contact, "text": text}
        async with self.session.post(f"{self.urls[server]}/v1/benchmark/messages", json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def queued(self, many: int) -> list[str]:
        """So many more who wait; the ids of all."""
        for number in range(many):
            await self.writes(f"contact-{number}", "人工", number % 2)
        page = (await self.who("lead-0").get(f"{ENQUIRIES}?limit=100")).ok()
        ids = [one["id"] for one in page["items"]]
        while page["next"]:
            page = (await self.who("lead-0").get(f"{ENQUIRIES}?limit=100&cursor={page['next']}")).ok()
            ids += [one["id"] for one in page["items"]]
        assert len(ids) == many
        return ids


@asynccontextmanager
async def two_servers(folder: Path, database: str, **desk: Any) -> AsyncIterator[Room]:
    """Both, with a desk that is open now."""
    plugins: dict[str, Any] = {"talking": OWN / "talking", "conversations": "conversations", **PUSH}
    plugins["petitions"] = DEPARTMENTS / "petitions"
    own = {"desks": [{**DESKS[0], "item": "", "field": "", **desk}], "lease_minutes": 60, "silence_minutes": 90}
    file = city(
        folder, plugins, settings={"conversations": own}, database=database, rates=UNLIMITED, log_level="warning"
    )
    async with AsyncExitStack() as stack:
        urls = [stack.enter_context(serving(file, side=None)).url for _ in range(2)]
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        room = Room(urls, folder / "data", session)
        for ahead in range(2):
            day = (datetime.now(UTC).astimezone(CITY) + timedelta(days=ahead)).date()
            path = f"/v1/desk/desks/reception/days/{day}"
            (await room.who("lead-0").put(path, {"hours": ["0:00-23:59"]})).ok()
        yield room


# -- eight people at once ------------------------------


async def raced(folder: Path, database: str, rounds: int, seed: int = 1) -> dict[str, int]:
    """So many rounds in which all eight do something with one conversation; how often each thing was done.

    Raises AssertionError where an answer, the history and the stream don't tell of exactly one holder at any time.
    """
    chance, told = random.Random(seed), Counter[str]()
    async with two_servers(folder, database) as room, following(room, "lead-0", 1) as heard:
        names = [*OFFICERS, *LEADS]
        for server in range(2):
            await asyncio.gather(*(room.who(name, server).get(ENQUIRIES) for name in names))
        ids = await room.queued(FOUGHT_FOR)
        for _ in range(rounds):
            place = f"{ENQUIRIES}/{chance.choice(ids)}"
            acts = [act(name, chance, names) for name in names]
            people = [room.who(name, chance.randrange(2)) for name in names]
            done = [one.post(f"{place}/{way}", body) for one, (way, body) in zip(people, acts, strict=True)]
            for (way, _), reply in zip(acts, await asyncio.gather(*done), strict=True):
                assert reply.status in (200, 201, 409), (way, reply.status, reply.body)
                told[reply.document["code"] if reply.status == 409 else way] += 1
        history = rows_of(database, "desk_event")
        held = {str(row["id"]): row["officer"] for row in rows_of(database, "desk_enquiry")}
        assert replayed(history) == held, "who holds each, by its history"
        happened = Counter(one["what"] for one in history)
        for what, way in WAYS.items():
            assert happened[what] == told[way], "each that was answered well happened, once"
        await reached(lambda: len(heard) >= len(history))
        for identity in ids:
            own = [(str(one["id"]), one["what"]) for one in history if str(one["enquiry_id"]) == identity]
            live = [(event["id"], event["event"]) for event in heard if event["of"] == identity]
            assert sorted(live) == own, "each is told once"
            # What becomes of an answer is told as it becomes known, beside what is done.
            steps = [[one for one in each if one[1] in STEPS] for each in (live, own)]
            assert steps[0] == steps[1], "in the order in which they were done"
    return dict(told)


async def reached(holds: Callable[[], bool]) -> None:
    """Wait for that, for half a minute; what is asserted then says what is missing."""
    for _ in range(600):
        if holds():
            break
        await asyncio.sleep(0.05)


#: What is told of by the name of the route.
WAYS = {"taken-over": "take-over", "returned": "return", "transferred": "transfer", "answered": "answers"}

STEPS = {"claimed", *WAYS}


def rows_of(database: str, table: str) -> list[dict[str, Any]]:
    """All rows, the oldest first."""
    url, _, options = database.partition("?")
    schema = parse_qs(options).get("schema", ["public"])[0]
    statement = f'SELECT * FROM "{schema}".{table} ORDER BY id'  # noqa: S608 - our own names
    return [dict(row) for row in asked(url, statement)]


def act(name: str, chance: random.Random, names: Sequence[str]) -> tuple[str, dict[str, str]]:
    """What somebody does now."""
    to = chance.choice(names)
    ways: list[tuple[str, dict[str, str]]] = [("claim", {}), ("return", {}), ("answers", {"text": f"I am {name}."})]
    ways.append(("transfer", {"officer": to, "note": to}))
    if name in LEADS:
        ways += [("take-over", {"purpose": "to help"})]
    return chance.choice(ways)


def replayed(history: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Who holds each conversation in the end. Each step is only for who may take it at that moment."""
    held = {str(event["enquiry_id"]): "" for event in history}
    for event in history:
        identity, who = str(event["enquiry_id"]), event["officer"]
        holder = held[identity]
        match event["what"]:
            case "claimed":
                assert not holder, f"{who} claimed what {holder} holds"
                held[identity] = who
            case "returned":
                assert holder == who, f"{who} returned what {holder!r} holds"
                held[identity] = ""
            case "answered":
                assert holder == who, f"{who} answered whom {holder!r} holds"
            case "transferred":
                assert holder == who or who in LEADS, f"{who} handed on what {holder!r} holds"
                held[identity] = event["text"]
            case "taken-over":
                assert who in LEADS
                held[identity] = who
    return held


@asynccontextmanager
async def following(room: Room, name: str, server: int) -> AsyncIterator[list[dict[str, Any]]]:
    """What they are told live, each with the moment by our clock."""
    heard: list[dict[str, Any]] = []
    headers = {"Authorization": f"Bearer {room.who(name).token}"}
    async with room.session.get(f"{room.urls[server]}{STREAM}", headers=headers, timeout=None) as answer:
        assert answer.status == 200

        async def listen() -> None:
            event: dict[str, Any] = {}
            async for line in answer.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif "id" in event:
                    data = json.loads(event.pop("data"))
                    heard.append(
                        {**event, "of": data["enquiry"]["id"], "words": data.get("words"), "at": time.monotonic()}
                    )
                    event = {}
                else:
                    event = {}

        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


# -- from a citizen to the officer's screen ------------------------------


async def latencies(folder: Path, database: str, seconds: float, many: int = OPEN) -> list[float]:
    """Milliseconds from before a citizen's message is sent until its words are on the stream of who holds it.

    So many conversations are open, each citizen writes by one server, and their officer follows the other.
    """
    names = [f"officer-{number}" for number in range(HOLDERS)]
    sent: dict[str, float] = {}
    async with two_servers(folder, database) as room, AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(following(room, name, 1)) for name in names]
        for number, identity in enumerate(await room.queued(many)):
            (await room.who(names[number % HOLDERS]).post(f"{ENQUIRIES}/{identity}/claim")).ok()
        begun, writing = time.monotonic(), []
        for number in range(round(seconds * RATE)):
            await asyncio.sleep(max(0.0, begun + number / RATE - time.monotonic()))
            text = f"message-{number}"
            sent[text] = time.monotonic()
            writing.append(asyncio.create_task(room.writes(f"contact-{number % many}", text)))
        await asyncio.gather(*writing)
        await reached(lambda: sum(bool(one["words"]) for heard in streams for one in heard) >= len(sent))
        found = {one["words"]["content"]["text"]: one["at"] for heard in streams for one in heard if one["words"]}
    assert found.keys() == sent.keys()
    return [(found[text] - at) * 1000 for text, at in sent.items()]
