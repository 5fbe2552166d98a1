"""Processes of a deployment that are killed in mid-send, or asked to end one after the other under load."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from pathlib import Path

from chaos_city import city
from chaos_ledger import count
from chaos_report import Length, Report, spread
from chaos_town import Town, database_for, query, town

from mobile_push.delivery.claims.chunk import MAX_PHONES_A_CHUNK

#: What is claimed and not ended: whose it is, nobody says, and only the dead one's stays as it is.
CLAIMED = "SELECT id, attempts FROM {table} WHERE state = 'due' AND lease_until > {clock}"
CLOCK = "EXTRACT(EPOCH FROM clock_timestamp()) * 1000"
TABLES = ("push_chunk", "push_delivery", "banshi_outbox")

#: Seconds of a lease as it is set where nothing is said, and as it is here, in the long form and in the short one.
PROMISED, LEASE, SHORT_LEASE = 30.0, 8.0, 4.5


async def worker_killed(folder: Path, length: Length) -> Report:
    """One server answers, two workers send; they are killed in turn, and begin again once the other has taken over."""
    chance = random.Random(length.seed)
    kills = max(2, length.kills // 2)
    report = Report(f"a worker of two is killed in mid-send, {kills} times, on PostgreSQL")
    lease = f"lease = {LEASE if length.full else SHORT_LEASE}"
    fcm = "timeout = 1.0\nat_once = 100"
    own = f"outbox_{lease}"
    per_minute = 30_000 if length.full else 12_000
    async with town(
        folder, length.phones, per_minute=per_minute, postgres=True, platform=own, push=lease, fcm=fcm, workers=2
    ) as one:
        one.ledger.behaviour.latency = 0.05
        one.live(length.seed)
        await one.start()
        for number in range(1, kills + 1):
            share = int(length.phones / (kills + 1) * (number - chance.random() * 0.5))
            await one.ledger.until(share, 120)
            worker = one.workers[number % 2]
            worker.kill()
            report.recovery.append(await taken_over(one))
            worker.start()
            await worker.ready(one.session)
        await one.ledger.until(length.phones, 300)
        await one.rest()
        await one.settled()
        report.injected = kills
        account = await one.account()
        count(report, account)
        report.say("per kill", f"{account.again / kills:.1f}")
        report.say("seconds until what it held was taken over, min / median / max", spread(report.recovery))
        report.promise(max(report.recovery) <= PROMISED, f"taken over after {max(report.recovery):.1f} s only")
        report.promise(account.again <= kills * MAX_PHONES_A_CHUNK, "more came twice than batches that weren't settled")
        for wrong in one.memory.wrong:
            report.promise(False, wrong)
    return report


async def taken_over(one: Town) -> float:
    """Seconds until everything that was claimed at this moment is ended, or somebody else's."""
    begun = time.monotonic()
    held = {table: await query(one.database, CLAIMED.format(table=table, clock=CLOCK)) for table in TABLES}
    while time.monotonic() < begun + 2 * PROMISED:
        left = 0
        for table, rows in held.items():
            due = await query(one.database, f"SELECT id, attempts FROM {table} WHERE state = 'due'")
            now = {row["id"]: row["attempts"] for row in due}
            left += sum(now.get(row["id"]) == row["attempts"] for row in rows)
        if not left:
            break
        await asyncio.sleep(0.2)
    return time.monotonic() - begun


async def rolling(folder: Path, length: Length) -> Report:
    """Two servers on one database are ended by SIGTERM and begun again in turn, while everybody goes on."""
    rounds = length.kills
    report = Report(f"two servers on PostgreSQL are begun anew in turn by SIGTERM, {rounds} times")
    two = [("serve",)] * 2
    async with database_for(folder, True) as database, city(folder, database=database, commands=two) as one:
        await one.start()
        one.live(length.seed)
        ends = []
        for number in range(rounds):
            await one.answers(10)
            server = one.servers[number % 2]
            begun = time.monotonic()
            status = await asyncio.to_thread(server.end, signal.SIGTERM)
            ends.append(time.monotonic() - begun)
            report.promise(status == 0, f"after SIGTERM a server ended with status {status}")
            report.recovery.append(one.memory.next_after(begun) if one.memory.answered[-1] > begun else 0.0)
            server.start()
            await server.ready(one.session)
        report.injected = rounds
        report.say("seconds that an end took, min / median / max", spread(ends))
        await one.end(report)
    return report
