"""The race for a scarce slot: thousands of attempts in the same moment, a hundred places, a real server over HTTP.

    python benchmarks/appointments.py              # 5,000 attempts on SQLite, and on PostgreSQL where there is one
    python benchmarks/appointments.py --short      # 1,000 attempts

Every fourth person tries twice at once, from two phones. Whoever gets no place says that the waiting list will do. Then
some of those who were booked cancel, all at once, and the places have to be offered to the first of the list. On
PostgreSQL two servers share the database, and the attempts go to both in turn. It ends with 1 unless exactly the places
were booked, nobody twice, and the list was kept in order.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import uvloop

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.asking import People
from benchmarks.shared.cities import OWN, PUSH, city
from benchmarks.shared.databases import each_database
from benchmarks.shared.figures import percentile, table
from benchmarks.shared.processes import cores, serving, workspace
from tests.waiting import until

PLACES, SERVERS = 100, 2

#: Of how many people one tries twice; people who cancel; people who join when the race is over.
TWICE, CANCEL, LATECOMERS = 4, 30, [f"late-{number}" for number in range(20)]

#: Seconds that one attempt and the offers may take.
ATTEMPT_TIMEOUT_S = 120.0

PATH = "/v1/items/race"


@dataclass
class Race:
    """What came of it."""

    attempts: int
    seconds: float = 0.0
    took: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    #: People by what they have: their appointment's path.
    booked: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    twice: int = 0
    in_order: bool = True
    offers: float = 0.0

    def right(self, people: int) -> bool:
        return (
            len(self.booked) == PLACES
            and len(self.waiting) == people - PLACES
            and not self.twice
            and self.in_order
            and set(self.answers) <= {"booked", "waiting", "already-there", "limit-reached"}
        )


class Town(People):
    """The people, and the servers that they ask."""

    async def attempt(self, race: Race, person: str, slot: str) -> None:
        wish = {"slot": slot, "answers": {"name": person}, "wait": True}
        status, told, seconds = await self.call(person, "POST", f"{PATH}/appointments", wish)
        race.took.append(seconds)
        outcome = told["state"] if status == 201 else told["code"]
        race.answers[outcome] += 1
        if status == 201:
            mine = race.booked if outcome == "booked" else race.waiting
            race.twice += person in race.booked or person in race.waiting
            mine[person] = told["links"]["self"]


async def raced(urls: Sequence[str], data: Path, people: Sequence[str]) -> Race:
    """The race, and what the servers say of it afterwards."""
    connector = aiohttp.TCPConnector(limit=0)
    patience = aiohttp.ClientTimeout(total=ATTEMPT_TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=patience) as session:
        town = Town(session, urls, data)
        for person in (*people, *LATECOMERS):
            town.token(person)
        async with session.get(f"{urls[0]}{PATH}/slots") as answer:
            slots = [one for one in (await answer.json())["items"] if one["free"] == PLACES]
        tries = [person for number, person in enumerate(people) for _ in range(1 + (number % TWICE == 0))]
        race = Race(len(tries))
        started = time.perf_counter()
        await asyncio.gather(*(town.attempt(race, person, slots[-1]["id"]) for person in tries))
        race.seconds = time.perf_counter() - started
        await kept(town, race)
        await in_line(town, race, slots[-1]["id"])
        return race


async def of_each(ask: Callable[[str], Awaitable[int]], people: Sequence[str]) -> list[int]:
    """What each is told, some dozens at a time."""
    groups = [people[start : start + 64] for start in range(0, len(people), 64)]
    return [told for group in groups for told in await asyncio.gather(*map(ask, group))]


async def kept(town: Town, race: Race) -> None:
    """Count the cases that the servers say each person has: one each."""

    async def count(person: str) -> int:
        return len((await town.call(person, "GET", "/v1/cases?limit=10")).document["items"])

    race.twice += sum(number - 1 for number in await of_each(count, [*race.booked, *race.waiting]))


async def in_line(town: Town, race: Race, slot: str) -> None:
    """The list has each place once, latecomers stand behind, and what falls free is offered to the first."""

    async def position(person: str) -> int:
        return int((await town.call(person, "GET", race.waiting[person])).document["position"])

    waiting = list(race.waiting)
    line = dict(zip(await of_each(position, waiting), waiting, strict=True))
    race.in_order = sorted(line) == list(range(1, len(waiting) + 1))
    behind = Race(len(LATECOMERS))
    for number, person in enumerate(LATECOMERS):
        await town.attempt(behind, person, slot)
        one = (await town.call(person, "GET", behind.waiting[person])).document
        race.in_order &= one["position"] == len(waiting) + 1 + number
    leaving = list(race.booked.items())[:CANCEL]
    first = [line[place] for place in range(1, CANCEL + 1)]

    async def are_offered() -> bool:
        states = [(await town.call(person, "GET", race.waiting[person])).document["state"] for person in first]
        return set(states) == {"offered"}

    started = time.perf_counter()
    await asyncio.gather(*(town.call(person, "DELETE", path) for person, path in leaving))
    await until(are_offered, ATTEMPT_TIMEOUT_S)
    race.offers = time.perf_counter() - started
    following = (await town.call(line[CANCEL + 1], "GET", race.waiting[line[CANCEL + 1]])).document
    race.in_order &= (following["state"], following["position"]) == ("waiting", 1)


def measured(name: str, attempts: int, database: str, servers: int) -> bool:
    """One race on one database; whether it went as it has to."""
    with workspace() as folder, ExitStack() as stack:
        file = city(folder, {"booking": OWN / "booking", **PUSH}, database=database)
        urls = [stack.enter_context(serving(file)).url for _ in range(servers)]
        count = attempts * TWICE // (TWICE + 1)
        people = [f"citizen-{number}" for number in range(count)]
        race = uvloop.run(raced(urls, folder / "data", people))
    p50, p99 = (percentile(race.took, share) for share in (0.5, 0.99))
    table(
        [name, f"{race.attempts:,} attempts at {PLACES} places"],
        [
            ["booked", f"{len(race.booked):,}"],
            ["with more than one", f"{race.twice:,}"],
            ["on the waiting list", f"{len(race.waiting):,}"],
            ["refused, having one already", f"{race.attempts - len(race.booked) - len(race.waiting):,}"],
            ["the list in order", "yes" if race.in_order else "NO"],
            ["seconds until all were answered", f"{race.seconds:.2f}"],
            ["attempts a second", f"{race.attempts / race.seconds:,.0f}"],
            ["p50, p99 of an answer, s", f"{p50:.2f}, {p99:.2f}"],
            [f"seconds until {CANCEL} freed places were offered", f"{race.offers:.2f}"],
        ],
    )
    if not race.right(len(people)):
        print(f"WRONG: {dict(race.answers)}\n")
    return race.right(len(people))


def main() -> int:
    given = begun(options(__doc__, attempts=(5_000, 1_000)))
    if both := cores():
        os.sched_setaffinity(0, {both[1]})
    right = True
    for title, database in each_database():
        servers, words = (SERVERS, f"{SERVERS} servers") if database else (1, "one server")
        right &= measured(f"{title}, {words}", given.attempts, database, servers)
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
