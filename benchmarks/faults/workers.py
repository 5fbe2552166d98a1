"""Processes of a deployment that are killed in the middle of something, or asked to end one after the other."""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from pathlib import Path

from benchmarks.shared.databases import postgres
from benchmarks.shared.figures import spread
from benchmarks.town.city import City, city
from benchmarks.town.report import Report
from benchmarks.town.senders import SendingTown, town
from benchmarks.town.town import TWO
from mobile_push.delivery.claims.chunk import MAX_PHONES_A_CHUNK

#: What is claimed and not ended: whose it is, nobody says, and only the dead one's stays as it is.
CLAIMED = "SELECT id, attempts FROM {table} WHERE state = 'due' AND lease_until > {clock}"
CLOCK = "EXTRACT(EPOCH FROM clock_timestamp()) * 1000"
TABLES = ("push_chunk", "push_delivery", "banshi_outbox")

#: Seconds of a lease as it is set where nothing is said, and as it is here, in the long form and in the short one.
PROMISED_LEASE_S, LEASE_S, SHORT_LEASE_S = 30.0, 8.0, 4.5

#: Kills of a server for one of the others': what is killed is there again after two seconds.
SERVER_KILLS = 3

#: Share of the kills that meet the server while it starts; how many of the first ones do, on an empty folder; share of
#: the others that come within 20 ms of a request.
IN_START_SHARE, FIRST_STARTS, IN_REQUEST_SHARE = 0.25, 2, 0.7


async def worker_killed(folder: Path, length: argparse.Namespace) -> Report:
    """One server answers, two workers send; they are killed in turn, and begin again once the other has taken over."""
    chance = random.Random(length.seed)
    kills = max(2, length.kills // 2)
    report = Report(f"a worker of two is killed in mid-send, {kills} times, on PostgreSQL")
    lease = LEASE_S if length.full else SHORT_LEASE_S
    google = {"timeout": 1.0, "at_once": 100, "per_minute": 30_000 if length.full else 12_000}
    own = {"push": {"lease": lease}, "outbox_lease": lease}
    async with town(folder, length.phones, postgres=True, google=google, workers=2, **own) as one:
        one.ledger.behaviour.latency = 0.05
        await one.start(length.seed)
        for number in range(1, kills + 1):
            share = int(length.phones / (kills + 1) * (number - chance.random() * 0.5))
            await one.ledger.until(share, 120)
            worker = one.servers[1 + number % 2]
            worker.kill()
            report.recovery.append(await taken_over(one))
            await one.again(worker)
        await one.ledger.until(length.phones, 300)
        report.injected = kills
        account = await one.end(report)
        report.say("per kill", f"{account.again / kills:.1f}")
        report.say("seconds until what it held was taken over, min / median / max", spread(report.recovery))
        report.promise(max(report.recovery) <= PROMISED_LEASE_S, f"taken over after {max(report.recovery):.1f} s only")
        report.promise(account.again <= kills * MAX_PHONES_A_CHUNK, "more came twice than batches that weren't settled")
    return report


async def taken_over(one: SendingTown) -> float:
    """Seconds until everything that was claimed at this moment is ended, or somebody else's."""
    begun = time.monotonic()
    held = {table: await one.rows(CLAIMED.format(table=table, clock=CLOCK)) for table in TABLES}
    while time.monotonic() < begun + 2 * PROMISED_LEASE_S:
        left = 0
        for table, rows in held.items():
            due = await one.rows(f"SELECT id, attempts FROM {table} WHERE state = 'due'")
            now = {row["id"]: row["attempts"] for row in due}
            left += sum(now.get(row["id"]) == row["attempts"] for row in rows)
        if not left:
            break
        await asyncio.sleep(0.2)
    return time.monotonic() - begun


async def rolling(folder: Path, length: argparse.Namespace) -> Report:
    """Two servers on one database are ended by SIGTERM and begun again in turn, while everybody goes on."""
    rounds = length.kills
    report = Report(f"two servers on PostgreSQL are begun anew in turn by SIGTERM, {rounds} times")
    with postgres() as database:
        async with city(folder, database=database, commands=TWO) as one:
            await one.start(length.seed)
            ends = []
            for number in range(rounds):
                await one.answers(10)
                server = one.servers[number % 2]
                begun = time.monotonic()
                status = await asyncio.to_thread(server.end)
                ends.append(time.monotonic() - begun)
                report.promise(status == 0, f"after SIGTERM a server ended with status {status}")
                report.recovery.append(one.memory.next_after(begun) if one.memory.answered[-1] > begun else 0.0)
                await one.again(server)
            report.injected = rounds
            report.say("seconds that an end took, min / median / max", spread(ends))
            await one.end(report)
    return report


async def server_killed(folder: Path, length: argparse.Namespace) -> Report:
    """kill -9 of the server at random moments, on SQLite, also while it starts for the first time.

    People send their requests again with the same Idempotency-Key until they are answered, and remember every answer;
    the end is checked against the database file, the API and what the phones got.
    """
    kills, chance = length.kills * SERVER_KILLS, random.Random(length.seed)
    report = Report(f"`banshi serve` on SQLite is killed {kills} times")
    async with city(folder) as one:
        one.live(length.seed)
        in_start, killed_at = 0, 0.0
        for number in range(kills + 1):
            server = one.server
            server.start()
            if number < kills and (number < FIRST_STARTS or chance.random() < IN_START_SHARE):
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
    if chance.random() < IN_REQUEST_SHARE:
        one.memory.sent.clear()
        await one.memory.sent.wait()
        await asyncio.sleep(chance.uniform(0.0, 0.02))
