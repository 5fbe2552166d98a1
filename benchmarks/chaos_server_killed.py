"""kill -9 of the server at random moments while citizens and staff go on, also while it starts for the first time.

The real `banshi serve` runs on SQLite. People send their requests again with the same Idempotency-Key until they are
answered, and remember every answer; the end is checked against the database file, the API and what the phones got.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

from chaos_city import City, city
from chaos_report import Length, Report

#: Kills of this row for one of the others': what is killed is there again after two seconds.
TIMES = 3

#: Share of the kills that meet the server while it starts; how many of the first ones do, on an empty folder; share of
#: the others that come within 20 ms of a request.
IN_START, FIRST_STARTS, IN_REQUEST = 0.25, 2, 0.7


async def server_killed(folder: Path, length: Length) -> Report:
    """Kill and start the server again and again."""
    kills, chance = length.kills * TIMES, random.Random(length.seed)
    report = Report(f"`banshi serve` on SQLite is killed {kills} times")
    async with city(folder) as one:
        one.live(length.seed)
        in_start, killed_at = 0, 0.0
        for number in range(kills + 1):
            server = one.servers[0]
            server.start()
            if number < kills and (number < FIRST_STARTS or chance.random() < IN_START):
                await asyncio.sleep(chance.uniform(0.2, 1.3))
                in_start += 1
            else:
                await server.ready(one.session)
                if killed_at:
                    report.recovery.append(time.monotonic() - killed_at)
                await until_the_worst_moment(one, chance, 3.0 if length.full else 1.0)
            if number < kills:
                server.kill()
                killed_at = time.monotonic()
        report.injected = kills
        report.say("of the kills during a start", in_start)
        await one.end(report)
    return report


async def until_the_worst_moment(one: City, chance: random.Random, longest: float) -> None:
    """Wait, mostly for a request that is just being written and not yet answered."""
    await asyncio.sleep(chance.uniform(0.05, longest))
    if chance.random() < IN_REQUEST:
        one.memory.sent.clear()
        await one.memory.sent.wait()
        await asyncio.sleep(chance.uniform(0.0, 0.02))
