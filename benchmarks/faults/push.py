"""Faults around the provider of pushes: a sender that is killed in mid-send, and a provider that refuses.

The real `banshi serve` sends a notice to many phones, and case messages beside it, to a provider that counts each
message and phone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from pathlib import Path

from benchmarks.shared.figures import spread
from benchmarks.town.report import Report
from benchmarks.town.senders import SendingTown, town
from mobile_push.delivery.claims.chunk import MAX_PHONES_A_CHUNK
from tests.waiting import until

#: Seconds after a kill in which messages still come out of the sockets.
IN_SOCKETS_S = 0.2


async def push_killed(folder: Path, length: argparse.Namespace) -> Report:
    """kill -9 again and again while 2 % get 429, 2 % get 503, and 1 % are taken and never answered."""
    chance = random.Random(length.seed)
    # Slow enough that a start and some seconds of work fit between two kills.
    google, push = ({}, {}) if length.full else ({"timeout": 0.5, "at_once": 100}, {"lease": 3})
    google |= {"per_minute": 18_750}
    async with town(folder, length.phones, postgres=length.postgres, google=google, push=push) as one:
        one.ledger.behaviour.quota_share = one.ledger.behaviour.unavailable_share = 0.02
        one.ledger.behaviour.latency = 0.02
        one.ledger.given_shares["silent"] = 0.01
        one.live(length.seed)
        killed: list[float] = []
        for number in range(1, length.kills + 1):
            await one.start()
            # At even shares of the phones, and some way beyond: all kills fall within the run, on any machine.
            share = length.phones / (length.kills + 1)
            await one.ledger.until(int(share * (number - chance.random() * 0.5)), 120)
            await asyncio.sleep(chance.uniform(0, 0.1))
            one.server.kill()
            killed.append(time.monotonic())
        await one.start()
        notice = sum(message == one.broadcast for message, _ in one.ledger.seen.taken)
        await one.ledger.until(length.phones, 300)
        database = "PostgreSQL" if length.postgres else "SQLite"
        report = Report(f"kill -9, {length.kills} times, on {database}; 2 % 429, 2 % 503, 1 % taken and not answered")
        report.say("of the notice taken by the last start", f"{notice:,} of {length.phones:,}")
        account = await one.end(report)
        # What lies in the sockets of the killed arrives a moment later.
        waits = [one.ledger.next_after(at + IN_SOCKETS_S) + IN_SOCKETS_S for at in killed]
        load = os.getloadavg()[0]
        report.say("load of the machine at the end", f"{load:.1f}")
        report.injected, report.recovery = length.kills, waits
        report.say("per kill", f"{account.again_without_need / length.kills:.1f}")
        report.say("seconds from a kill to the next message, min / median / max", spread(waits))
        report.say("seconds from the last kill to the last message", f"{one.ledger.times[-1] - killed[-1]:.1f}")
        report.say("answers", dict(one.ledger.answers))
        report.say("sent again before their Retry-After", one.ledger.seen.early)
        # Under load it takes longer to record what was sent: the one percent is of a machine that has time.
        held = length.full and load <= 2 * (os.cpu_count() or 1)
        report.promise(account.share <= 0.01 or not held, "more than one percent came twice")
        unsettled = length.kills * MAX_PHONES_A_CHUNK
        report.promise(account.again_without_need <= unsettled, "more came twice than batches that weren't settled")
        report.promise(not one.ledger.seen.early, "sent before its Retry-After")
        return report


async def provider(folder: Path, length: argparse.Namespace) -> Report:
    """A tenth gets 429 and a tenth 503, with a Retry-After each; some are taken and not answered; one is refused."""
    report = Report("10 % 429, 10 % 503, 1 % taken and not answered, one phone refused for good")
    google = {"timeout": 1.0, "at_once": 200, "per_minute": 60_000}
    async with town(folder, length.phones, postgres=length.postgres, google=google, push={"lease": 6}) as one:
        behaviour = one.ledger.behaviour
        behaviour.quota_share = behaviour.unavailable_share = 0.1
        behaviour.quota_retry_after = behaviour.unavailable_retry_after = 1
        refused = one.tokens.pop()
        behaviour.faults = {refused: "INVALID_ARGUMENT"}
        one.ledger.given_shares["silent"] = 0.01
        await one.start(length.seed)
        await one.ledger.until(length.phones // 2, 240)
        ends = time.monotonic()
        behaviour.quota_share = behaviour.unavailable_share = one.ledger.given_shares["silent"] = 0.0
        await one.ledger.until(length.phones - 1, 300)
        await one.rest()
        letters = await dead_letters(one)
        await one.end(report)
        answers = one.ledger.seen.answers
        report.injected = sum(answers.get(code, 0) for code in ("QUOTA_EXCEEDED", "UNAVAILABLE", "INVALID_ARGUMENT"))
        report.recovery.append(one.ledger.next_after(ends))
        report.say("answers", dict(answers))
        report.say("sent again before their Retry-After", one.ledger.seen.early)
        report.say("dead letters that an operator sees", letters)
        report.promise(not one.ledger.seen.early, "sent before its Retry-After")
        report.promise(letters == ["INVALID_ARGUMENT"], f"dead letters: {letters}")
    return report


async def dead_letters(one: SendingTown) -> list[str]:
    """The codes of those that somebody who runs the platform is shown, once there are any."""
    headers, found = one.bearer("ops", "platform:operator"), list[str]()

    async def are_there() -> bool:
        async with one.session.get(f"{one.server.url}/v1/ops/push/dead-letters", headers=headers) as answer:
            found[:] = [letter["code"] for letter in (await answer.json())["items"]]
        return bool(found)

    await until(are_there)
    return found
