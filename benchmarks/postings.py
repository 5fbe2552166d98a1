"""Lost against found, and the public list, with ten thousand postings: how long it takes, and what is found.

    python benchmarks/postings.py              # 10,000 postings on SQLite, and on PostgreSQL where there is one
    python benchmarks/postings.py --short      # 1,000 postings

The postings are made up: a thing is a noun with a colour, a maker and three marks out of a list. Some things are posted
twice, once as lost and once as found a few days later, in other words and with one mark that the other side doesn't
have; the found ones are handed in last, and compared as they are published. The rest have nothing to do with each other
but nouns, colours, makers and places. It ends with 1 if fewer than nine tenths of the pairs are found, if more
than one posting in four is told of another that is not the same, or if the loop stands still for a second.
"""

from __future__ import annotations

import random
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop

from banshi.foundation import logs
from banshi.foundation.database.writes import Write
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kinds.posting import scheduler
from banshi.kinds.posting.models import PostingMatch, PostingRecord
from banshi.kinds.posting.publishing.matching import match
from banshi.kinds.posting.publishing.publication import values_of
from banshi.testing import Door, open_door
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import DEPARTMENTS, PUSH
from benchmarks.shared.databases import each_database
from benchmarks.shared.figures import cost, percentile, table
from benchmarks.shared.processes import workspace
from tests.waiting import lateness

ITEM = "lost-and-found"

#: Of all postings those whose other half is handed in last; reads of each list.
HALVES, READS = 200, 60

MADE_UP = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
NOUNS, COLOURS, MARKS = MADE_UP["nouns"], MADE_UP["colours"], MADE_UP["marks"]
BRANDS = ("", "", "", *(f"样牌{letter}" for letter in "ABCDEFGHJKLM"))

FIRST = date(2026, 6, 1)


@dataclass(frozen=True)
class Thing:
    """Something that somebody has lost or found, or both."""

    category: str
    noun: tuple[str, str]
    colour: str
    brand: str
    marks: tuple[tuple[str, str], ...]
    place: str
    county: str
    day: date


def made_up(chance: random.Random) -> Thing:
    category = chance.choice(list(NOUNS))
    return Thing(
        category,
        chance.choice(NOUNS[category]),
        chance.choice(list(COLOURS)),
        chance.choice(BRANDS),
        tuple(chance.sample(MARKS, 4)),
        chance.choice(MADE_UP["places"]),
        chance.choice(MADE_UP["counties"]),
        FIRST + timedelta(days=chance.randrange(60)),
    )


def answers(thing: Thing, sort: str, chance: random.Random) -> dict[str, Any]:
    """A posting of the thing. Either side has two marks that the other has too, and one of its own."""
    side = 0 if sort == "lost" else 1
    marks = [*thing.marks[:2], thing.marks[2 + side]]
    chance.shuffle(marks)
    late = timedelta(days=chance.randrange(4)) if side else timedelta()
    written: dict[str, Any] = {
        "sort": sort,
        "thing": f"{COLOURS[thing.colour] if chance.random() < 0.5 else ''}{thing.noun[side]}",
        "category": thing.category,
        "day": (thing.day + late).isoformat(),
        "division": thing.county,
        "place": f"{thing.place}{chance.choice(('门口', '附近', '里', '旁边'))}",
        "description": "，".join(mark[side] for mark in marks),
    }
    written |= {"colour": thing.colour} if chance.random() < 0.9 else {}
    return written | ({"brand": thing.brand} if thing.brand and chance.random() < 0.8 else {})


def posted(door: Door, given: dict[str, Any], person: str) -> list[Any]:
    """The rows of a posting that is public."""
    platform = door.platform
    item, now = platform.registry.items[ITEM], platform.now()
    case, event = new_case(platform, item, Principal(subject=person), given)
    case.state = "published"
    times = {"published_at": now, "expires_at": now + timedelta(days=90)}
    row = PostingRecord(
        case_id=case.id,
        item=ITEM,
        department=item.department,
        state="public",
        photos=[],
        **times,
        **values_of(item, given),
    )
    return [case, event, row]


@dataclass
class Measured:
    took: list[float] = field(default_factory=list)
    #: Seconds of processor time of the whole process, for one comparison.
    work: float = 0.0
    still: float = 0.0
    found: int = 0
    first: int = 0
    wrong: int = 0
    lists: dict[str, list[float]] = field(default_factory=dict)


async def fill(door: Door, count: int, chance: random.Random) -> tuple[dict[UUID, UUID], list[PostingRecord]]:
    """The postings; of some things both sides. Which belongs to which, and those that are to be compared."""
    truth: dict[UUID, UUID] = {}
    late: list[PostingRecord] = []
    halves = min(HALVES, count // 10)
    batch: list[Any] = []

    def add(rows: list[Any]) -> PostingRecord:
        batch.extend(rows)
        return rows[-1]  # type: ignore[no-any-return]

    def others() -> Iterator[tuple[Thing, str]]:
        for number in range(count - 2 * halves):
            yield made_up(chance), ("lost", "found")[number % 2]

    for number, (thing, sort) in enumerate(others()):
        add(posted(door, answers(thing, sort, chance), f"p{number}")).matched_at = door.platform.now()
        if len(batch) > 3000:
            await door.platform.store.commit(Write(rows=batch[:]))
            batch.clear()
    for number in range(halves):
        thing = made_up(chance)
        lost = add(posted(door, answers(thing, "lost", chance), f"l{number}"))
        lost.matched_at = door.platform.now()
        found = add(posted(door, answers(thing, "found", chance), f"f{number}"))
        # Not yet public: the keeper would be first.
        found.state = "waiting"
        truth[found.case_id] = lost.case_id
        late.append(found)
    await door.platform.store.commit(Write(rows=batch[:]))
    return truth, late


async def compare(door: Door, truth: dict[UUID, UUID], late: Sequence[PostingRecord], measured: Measured) -> None:
    for row in late:
        # Public for this moment alone, without waking anybody.
        await PostingRecord.filter(case_id=row.case_id).update(state="public")
        started = time.perf_counter()
        assert await match(door.platform, row)
        measured.took.append(time.perf_counter() - started)
        keys = await PostingMatch.filter(found_id=row.case_id).order_by("-likeness").values_list("lost_id", flat=True)
        measured.found += truth[row.case_id] in keys
        measured.first += list(keys[:1]) == [truth[row.case_id]]
        measured.wrong += any(key != truth[row.case_id] for key in keys)


async def read(door: Door, measured: Measured) -> None:
    """The public list over HTTP, as it is asked for most often."""
    for path in ("", "?sort=found&area=5107", "?q=双肩包", "?q=小熊 公交卡&sort=lost", "?category=pet"):
        took = []
        for _ in range(READS):
            started = time.perf_counter()
            (await door.anyone.get(f"/v1/postings{path}")).ok()
            took.append(time.perf_counter() - started)
        measured.lists[f"list {path or '(all)'}"] = took


async def measure(count: int, database: str) -> Measured:
    # Another seed than the one that the likeness was tuned with, which was 2026.
    measured, chance = Measured(), random.Random(7)
    # What is measured here is not to be done by the keeper first.
    scheduler.ROUND = ()
    plugins = {"public_order": DEPARTMENTS / "public_order", **PUSH}
    with workspace() as folder:
        async with open_door(folder, plugins, platform={"database": database} if database else {}) as door:
            truth, late = await fill(door, count, chance)
            async with lateness(0.001) as still:
                with cost() as work:
                    await compare(door, truth, late, measured)
            measured.work, measured.still = work.cpu / len(late), max(still)
            await door.settled()
            await read(door, measured)
    return measured


def shown(name: str, count: int, measured: Measured) -> bool:
    def spread(took: Sequence[float]) -> str:
        return f"{percentile(took, 0.5) * 1000:.1f}, {percentile(took, 0.99) * 1000:.1f}"

    late = len(measured.took)
    rows = [
        ["compared, and both sides promised a message: p50, p99, ms", spread(measured.took)],
        ["processor time of the process for each, ms", f"{measured.work * 1000:.1f}"],
        ["longest time that the loop stood still, ms", f"{measured.still * 1000:.0f}"],
        ["pairs that were found", f"{measured.found} of {late}"],
        ["… as the most alike", f"{measured.first} of {late}"],
        ["postings told of another that is not the same", f"{measured.wrong} of {late}"],
        *([f"{path}, p50, p99, ms", spread(took)] for path, took in measured.lists.items()),
    ]
    table([name, f"{count:,} postings"], rows)
    right = measured.found >= 0.9 * late and measured.wrong <= 0.25 * late and measured.still < 1
    if not right:
        print("WRONG: see the top of this script for what is asked\n")
    return right


def main() -> int:
    given = begun(options(__doc__, postings=(10_000, 1_000)))
    logs.configure("error")
    count, right = given.postings, True
    for title, database in each_database():
        right &= shown(title, count, uvloop.run(measure(count, database)))
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
