"""Faults that pass: a clock that jumps, a token endpoint, a provider or a project that is out of order for a while."""

from __future__ import annotations

import argparse
import asyncio
import glob
import re
import time
from pathlib import Path

from benchmarks.town.report import Report
from benchmarks.town.senders import SendingTown, town

#: Messages a minute in these runs, of which a notice gets eight tenths.
PACE = {"per_minute": 60_000}

#: Where Debian's libfaketime lies.
FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"


async def provider_token(folder: Path, length: argparse.Namespace) -> Report:
    """The token endpoint is down while every access token has run out."""
    report = Report(f"the token endpoint is down for {length.outage:g} s")
    async with town(folder, length.phones, google=PACE) as one:
        await one.start()
        await one.ledger.until(length.phones // 4, 120)
        one.ledger.behaviour.cut = {"/token"}
        one.ledger.tokens.expire()
        asked = one.ledger.token_requests
        await asyncio.sleep(length.outage)
        report.say("requests to the token endpoint meanwhile", one.ledger.token_requests - asked)
        one.ledger.behaviour.cut = set()
        await ended(one, report, time.monotonic())
    return report


async def provider_silent(folder: Path, length: argparse.Namespace) -> Report:
    """The provider accepts connections and never answers, neither to TLS nor to a request."""
    report = Report(f"the provider accepts connections and never answers for {length.outage:g} s")
    google, push = ({}, {}) if length.full else ({"timeout": 1.0, "at_once": 100}, {"lease": 6})
    async with town(folder, length.phones, google=PACE | google, push=push) as one:
        await one.start()
        await one.ledger.until(length.phones // 4, 120)
        before = held(one)
        one.way.fall_silent()
        await asyncio.sleep(length.outage)
        during, resting = held(one), await metric(one, "banshi_push_resting")
        report.say("open files and MiB of memory before it and at its end", f"{before}; {during}")
        report.say("left alone by then", "yes" if resting else "no")
        started = time.monotonic()
        async with one.session.get(f"{one.server.url}/v1/items") as answer:
            report.promise(answer.status == 200, "the API does not answer meanwhile")
        report.say("seconds of an API request meanwhile", f"{time.monotonic() - started:.3f}")
        report.promise(during[0] <= before[0] + 50, "files are left open")
        one.way.speak()
        await ended(one, report, time.monotonic())
    return report


async def provider_credentials(folder: Path, length: argparse.Namespace) -> Report:
    """Google refuses the project (403), then the key (invalid_grant)."""
    report = Report("wrong project credentials: 403, then invalid_grant")
    async with town(folder, length.phones, google=PACE) as one:
        await one.start()
        await one.ledger.until(length.phones // 4, 120)
        one.ledger.behaviour.wrong_project = True
        await asyncio.sleep(length.outage / 2)
        one.ledger.behaviour.wrong_project = False
        one.ledger.behaviour.token_refused = True
        one.ledger.tokens.expire()
        await asyncio.sleep(length.outage / 2)
        codes = re.findall(
            r'banshi_push_attempts_total{code="(\w+)",outcome="misconfigured".*} (\d+)', await one.metrics()
        )
        report.say("attempts by code, from the metrics", ", ".join(f"{code} {count}" for code, count in codes))
        words = (folder / "server-0.log").read_text().count("misconfigured")
        report.say("words to the operators in the log", words)
        report.promise(words > 0, "operators are not told")
        one.ledger.behaviour.token_refused = False
        await ended(one, report, time.monotonic())
        left = await asyncio.to_thread(one.database.count, "push_device")
        report.say("phones forgotten", length.phones - left)
        report.promise(left == length.phones, "phones were forgotten")
    return report


async def clock(folder: Path, length: argparse.Namespace) -> Report:
    """The server's clock, and SQLite's with it, jumps an hour ahead; it is killed, and the clock is right again."""
    report = Report("the server's clock jumps an hour ahead, and back while it is killed")
    library = next(iter(glob.glob(FAKETIME)), None)  # noqa: PTH207 - once, before anything runs
    if library is None:
        return report.skip("libfaketime is not installed (apt-get install faketime)")
    offset = folder / "offset"

    def turn(seconds: int) -> None:
        """Put the clock so far from the right time. Whoever reads half a number ends."""
        new = folder / "offset.new"
        new.write_text(f"{seconds:+}")
        new.replace(offset)

    turn(0)
    environment = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    async with town(folder, length.phones, google={"per_minute": 30_000}, environment=environment) as one:
        await one.start()
        await one.ledger.until(length.phones // 5, 120)
        turn(3600)
        jumped = time.monotonic()
        await one.ledger.until(2 * length.phones // 5, 120)
        one.server.kill()
        killed = time.monotonic()
        turn(0)
        await one.start()
        await one.ledger.until(3 * length.phones // 5, 120)
        back = time.monotonic()
        turn(-3600)
        await one.ledger.until(4 * length.phones // 5, 120)
        turn(0)
        report.say(
            "longest silence in seconds around the jumps ahead and back",
            f"{one.ledger.silence(jumped, jumped + 2):.2f}, {one.ledger.silence(back, back + 2):.2f}",
        )
        report.say(
            "seconds from the kill an hour ahead to the next message",
            f"{one.ledger.next_after(killed + 0.2) + 0.2:.2f}",
        )
        await ended(one, report, back, "the second jump")
    return report


async def ended(one: SendingTown, report: Report, since: float, what: str = "the end of the fault") -> None:
    """Wait until all of it is done, and tell what became of it."""
    await one.end(report)
    report.injected += 1
    report.recovery.append(one.ledger.next_after(since))
    report.say(f"seconds from {what} to the next message", f"{one.ledger.next_after(since):.2f}")
    report.say("the last message, seconds after that", f"{one.ledger.times[-1] - since:.1f}")


def held(one: SendingTown) -> tuple[int, int]:
    """Open files, and mebibytes of memory, of the server's process."""
    return len(list(Path(f"/proc/{one.server.pid}/fd").iterdir())), int(one.server.memory())


async def metric(one: SendingTown, name: str) -> float:
    found = re.search(rf'^{name}{{provider="fcm"}} (\S+)$', await one.metrics(), re.MULTILINE)
    return float(found[1]) if found else 0.0
