"""How long an officer's claim takes, alone and beside others, and how long the pop of a conversation that is held.

    python benchmarks/claims.py         # 1,000 conversations, on SQLite, and on PostgreSQL where there is one
    python benchmarks/claims.py --short

The aims are medians, since others may use the machine: 50 ms a claim, 200 ms a pop. On PostgreSQL two servers are one
desk: eight people claim, hand over, take over and reassign at once for 2,000 rounds, and exactly one holds each; and
a citizen's words are on the officer's stream in 200 ms (p99), beside 200 open enquiries. Of 50 calls of the hotline at
once each is on its operator's stream in 200 ms (p99), beside claims. Ends with 1 where an aim is missed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from uuid_utils.compat import uuid7

from banshi import Write
from banshi.testing import Door
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.databases import each_database, postgres
from benchmarks.shared.figures import percentile
from benchmarks.shared.processes import ROOT, workspace
from conversations.engine.turn.memory import Memory
from conversations.tables.models import ChannelConversation
from desk import DESK

# What a test's chatter answers with.
sys.path.insert(0, str(ROOT / "clients" / "python"))

from tests.channels.desk.bureau import ENQUIRIES, SERVING, bureau, officer
from tests.channels.desk.room import race as desk_race
from tests.channels.hotline import pops

#: Milliseconds: a claim, and what the officer reads of a conversation then.
CLAIM_AIM_MS, POP_AIM_MS = 50.0, 200.0
#: The same, at the 99th of a hundred: until words are on the stream of the officer.
STREAM_AIM_MS = 200.0

#: Claims that are under way at once where others claim too.
AT_ONCE = 16


async def queued(door: Door, many: int) -> list[str]:
    """So many who wait."""
    now, ids = door.platform.now(), []
    for number in range(many):
        values = {"state": "waiting", "memory": Memory().stored(), "begun_at": now, "heard_at": now}
        row = ChannelConversation(id=uuid7(), account="console:here", contact=f"contact-{number}", **values)
        desk = door.platform[DESK]
        enquiry, rows = desk.ask("conversation", row.id, desk.desks[0], "")
        await door.platform.store.commit(Write(rows=[row, *rows]))
        ids.append(str(enquiry.id))
    return ids


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    await work()
    return (time.perf_counter() - start) * 1000


async def measured(folder: Path, database: str, many: int) -> dict[str, Sequence[float]]:
    async with bureau(folder, database, duty=SERVING) as door:
        ids, li, room = await queued(door, many), officer(door, "li"), asyncio.Semaphore(AT_ONCE)

        async def claim(identity: str) -> None:
            (await li.post(f"{ENQUIRIES}/{identity}/claim")).ok()

        async def pop(identity: str) -> None:
            assert "messages" in (await li.get(f"{ENQUIRIES}/{identity}")).ok()

        async def beside(identity: str) -> float:
            async with room:
                return await timed(lambda: claim(identity))

        half = ids[: many // 2]
        return {
            "claim": [await timed(lambda one=one: claim(one)) for one in half],  # type: ignore[misc]
            "pop": [await timed(lambda one=one: pop(one)) for one in half],  # type: ignore[misc]
            f"claim, {AT_ONCE} at once": await asyncio.gather(*map(beside, ids[many // 2 :])),
        }


def main() -> int:
    given, missed = begun(options(__doc__, many=(1_000, 40), rounds=(2_000, 20), seconds=(30.0, 3.0)), "not pinned"), []
    for title, database in each_database():
        with workspace() as folder:
            figures = asyncio.run(measured(folder, database, given.many))
        # A database of its own: the stream begins with what has been queued before.
        with workspace() as folder, postgres() if database else nullcontext("") as another:
            told = asyncio.run(pops.latencies(folder, another, 2 if given.short else 10))
            figures[f"call on the stream, {pops.AT_ONCE} at once"] = told
            if percentile(told, 0.99) > STREAM_AIM_MS:
                missed.append(f"{title}: calls")
        if database:
            with workspace() as folder, postgres() as another:
                figures["words on the stream"] = asyncio.run(desk_race.latencies(folder, another, given.seconds))
            with workspace() as folder, postgres() as another:
                told = asyncio.run(desk_race.raced(folder, another, given.rounds))
            print(f"{given.rounds} rounds of eight people at two servers, one holder at any time: {told}")
        for name, values in figures.items():
            median = percentile(values, 0.5)
            print(
                f"{title}: {name}: median {median:.1f} ms, p99 {percentile(values, 0.99):.1f}, most {max(values):.1f}"
            )
        if percentile(figures["claim"], 0.5) > CLAIM_AIM_MS or percentile(figures["pop"], 0.5) > POP_AIM_MS:
            missed.append(title)
        if percentile(figures.get("words on the stream", [0.0]), 0.99) > STREAM_AIM_MS:
            missed.append(f"{title}: the stream")
    return 1 if missed and not given.short else 0


if __name__ == "__main__":
    sys.exit(main())
