"""How long it takes from a switch's event until a call pops up on its operator's stream, and is claimed beside that."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from banshi.testing import Person
from benchmarks.shared.cities import UNLIMITED, city
from benchmarks.shared.processes import serving
from tests.channels.desk.bureau import DEPARTMENTS, DESKS, ENQUIRIES
from tests.channels.desk.room.race import LEADS, OFFICERS, Room, following, reached
from tests.channels.hotline.exchange import CALLS, EVENTS, HOTLINE, signed

#: Calls that come at once, and rounds of them that count for nothing: connections are made and statements prepared.
AT_ONCE, WARMING = 50, 3


@dataclass
class Rush:
    """One line's calls, and when each was told of, by its number."""

    room: Room
    told: dict[str, float] = field(default_factory=dict)
    #: By enquiry, when it was on the stream.
    popped: dict[str, float] = field(default_factory=dict)
    #: By enquiry, the number that its operator sees.
    numbers: dict[str, str] = field(default_factory=dict)

    async def ring(self, number: str) -> None:
        at = datetime.now(UTC)
        sent = signed({"event": "ringing", "call": number[1:], "at": at.isoformat(), "number": number}, at)
        self.told[number] = time.monotonic()
        async with self.room.session.post(self.room.urls[0] + EVENTS, **sent) as answer:
            assert answer.status == 204, await answer.text()

    async def claim(self, place: int, enquiry: str) -> tuple[str, Person, str]:
        """Its operator, and the call's address."""
        operator = self.room.who(OFFICERS[place % len(OFFICERS)])
        call = (await operator.post(f"{ENQUIRIES}/{enquiry}/claim")).ok()["subject"]
        return enquiry, operator, f"{CALLS}/{call}"

    def pop(self, heard: Sequence[dict[str, object]]) -> list[str]:
        """The enquiries that are new on the stream."""
        new = {str(one["of"]): float(str(one["at"])) for one in reversed(heard) if one["event"] == "queued"}
        fresh = [one for one in new if one not in self.popped]
        self.popped |= {one: new[one] for one in fresh}
        return fresh


async def latencies(folder: Path, database: str, rounds: int) -> list[float]:
    """Milliseconds of each call, so many rounds of them; of every round all are claimed while the next one comes.

    The server is a process with a core of its own: whoever rings and claims costs it nothing else.
    """
    places = {"desk": "desk", "conversations": "conversations", "hotline": "hotline"}
    own = {"desk": {"desks": DESKS[:1]}, "hotline": {**HOTLINE, "lines": {}}}
    plugins: dict[str, Path | str] = {"petitions": DEPARTMENTS / "petitions", **places}
    file = city(folder, plugins, settings=own, database=database, rates=UNLIMITED, log_level="warning")
    with serving(file) as server:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            rush = Rush(Room([server.url], folder / "data", session))
            async with following(rush.room, LEADS[0], 0) as heard:
                gc.freeze()
                await _rush(rush, heard, rounds)
    counted = [one for one in rush.popped if int(rush.numbers[one][-6:]) >= WARMING * AT_ONCE]
    return [(rush.popped[one] - rush.told[rush.numbers[one]]) * 1000 for one in counted]


async def _rush(rush: Rush, heard: list[dict[str, object]], rounds: int) -> None:
    claims = list[asyncio.Task[tuple[str, Person, str]]]()
    for first in range(0, (WARMING + rounds) * AT_ONCE, AT_ONCE):
        seen = len(heard)
        ringing = [asyncio.create_task(rush.ring(f"+86199{first + one:08}")) for one in range(AT_ONCE)]
        await reached(lambda seen=seen: sum(one["event"] == "queued" for one in heard[seen:]) >= AT_ONCE)  # type: ignore[misc]
        await asyncio.gather(*ringing)
        claims += [asyncio.create_task(rush.claim(*one)) for one in enumerate(rush.pop(heard[seen:]))]
    for enquiry, operator, call in await asyncio.gather(*claims):
        rush.numbers[enquiry] = (await operator.get(call)).ok()["number"]
