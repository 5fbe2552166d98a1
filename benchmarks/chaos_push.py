"""Faults of pushing: what is lost, what comes twice, and when it goes on.

    python benchmarks/chaos.py push               # every fault, about ten minutes
    python benchmarks/chaos.py push kills --kills 20 --postgres
    python benchmarks/chaos.py push --short       # as in continuous integration

The real `banshi serve` sends a notice to many phones, and case messages beside it, to a provider that counts each
message and phone. Exits with 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from chaos_outages import clock, credentials, silent_provider, token_endpoint
from chaos_report import FULL, SHORT, Length, Report, spread
from chaos_town import town
from processes import machine

#: Seconds after a kill in which messages still come out of the sockets.
IN_SOCKETS = 0.2


async def kills(folder: Path, length: Length) -> Report:
    """kill -9 again and again while 2 % get 429, 2 % get 503, and 1 % are taken and never answered."""
    chance = random.Random(length.seed)
    # Slow enough that a start and some seconds of work fit between two kills.
    per_minute = 18_750
    fcm, push = ("", "") if length.full else ("timeout = 0.5\nat_once = 100", "lease = 3")
    async with town(folder, length.phones, per_minute=per_minute, postgres=length.postgres, fcm=fcm, push=push) as one:
        one.ledger.behaviour.quota_share = one.ledger.behaviour.unavailable_share = 0.02
        one.ledger.behaviour.latency = 0.02
        one.ledger.shares["silent"] = 0.01
        one.live(length.seed)
        killed: list[float] = []
        begun = time.monotonic()
        for number in range(1, length.kills + 1):
            await one.start()
            # At even shares of the phones, and some way beyond: all kills fall within the run, on any machine.
            share = length.phones / (length.kills + 1)
            await one.ledger.until(int(share * (number - chance.random() * 0.5)), 120)
            await asyncio.sleep(chance.uniform(0, 0.1))
            one.server.kill()
            killed.append(time.monotonic())
        await one.start()
        notice = sum(message == one.broadcast for message, _ in one.ledger.took)
        await one.ledger.until(length.phones, 300)
        await one.rest()
        await one.settled()
        account = await one.account()
        # What lies in the sockets of the killed arrives a moment later.
        waits = [one.ledger.next_after(at + IN_SOCKETS) + IN_SOCKETS for at in killed]
        database = "PostgreSQL" if length.postgres else "SQLite"
        report = Report(f"kill -9, {length.kills} times, on {database}; 2 % 429, 2 % 503, 1 % taken and not answered")
        report.say("of the notice taken by the last start", f"{notice:,} of {length.phones:,}")
        report.count(account)
        report.say("per kill", f"{account.again_without_need / length.kills:.1f}")
        report.say(
            "seconds from a kill to the next message, min / median / max",
            spread(waits),
        )
        report.say("seconds from the last kill to the last message", f"{one.ledger.times[-1] - killed[-1]:.1f}")
        report.say("seconds in all", f"{time.monotonic() - begun:.0f}")
        report.say("answers", dict(one.ledger.answers))
        report.say("sent again before their Retry-After", one.ledger.early)
        report.promise(account.share <= 0.01 or not length.full, "more than one percent came twice")
        report.promise(not one.ledger.early, "sent before its Retry-After")
        for wrong in one.memory.wrong:
            report.promise(False, wrong)
        return report


Fault = Callable[[Path, Length], Awaitable[Report]]

FAULTS: dict[str, Fault] = {
    "kills": kills,
    "clock": clock,
    "token": token_endpoint,
    "silent": silent_provider,
    "credentials": credentials,
}


async def run(names: list[str], length: Length) -> bool:
    """Try each fault; whether every promise was kept."""
    kept = True
    for name in names:
        with tempfile.TemporaryDirectory(prefix="banshi-chaos-") as folder:
            report = await FAULTS[name](Path(folder), length)
        report.print()
        kept = kept and not report.broken
    return kept


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="chaos.py push", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of {', '.join(FAULTS)}; all where none is named")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--phones", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL in place of SQLite")
    parser.add_argument("--short", action="store_true", help="a look whether everything works")
    given = parser.parse_args(arguments)
    if unknown := set(given.faults) - FAULTS.keys():
        parser.error(f"{', '.join(sorted(unknown))}: there are {', '.join(FAULTS)}")
    base = SHORT if given.short else FULL
    length = Length(given.phones or base.phones, given.kills or base.kills, base.outage, given.seed, given.postgres)
    print(machine())
    return 0 if asyncio.run(run(given.faults or list(FAULTS), length)) else 1
