"""Redis that is killed, flushed, absent, or at the other end of a bad network, while workers share a quota by it."""

from __future__ import annotations

import argparse
import asyncio
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.faults.postgres import network_faults
from benchmarks.town.report import Report
from benchmarks.town.senders import SendingTown, town
from tests.servers import redis_servers
from tests.servers.fault_proxy import FaultProxy

#: What ten seconds may have more than the quota, as shares of it. Of two workers one may have lost Redis and go on with
#: its half, while the other still takes all that Redis has. A quota that was reset, or two who each take all, give two.
MAX_QUOTA_SHARE, QUOTA_WINDOW_S = 1.5, 10.0

#: The longest time without a message that is still "slower": Redis is given up after a second, and asked again.
MAX_SILENCE_S = 6.0


async def redis(folder: Path, length: argparse.Namespace) -> Report:
    """One server, two workers, one Redis; everything that can happen to it, one after the other."""
    report = Report("Redis is killed, flushed, absent and badly reached")
    per_minute = 18_000 if length.full else 6_000
    pause = length.outage / 4
    with redis_servers.alone(folder / "redis") as server:
        async with FaultProxy(to=server.port) as network:
            google = {"per_minute": per_minute, "at_once": 100}
            own = {"postgres": True, "workers": 2, "redis": {"url": f"redis://127.0.0.1:{network.port}"}}
            async with town(folder, length.phones, google=google, **own) as one:
                await one.start(length.seed)
                await one.ledger.until(length.phones // 20, 120)
                for name, fault in (everything(server, pause) | network_faults(network, pause)).items():
                    await harmed(one, report, name, fault)
                    network.heal()
                await one.ledger.until(length.phones, 300)
                await one.end(report)
                within_quota(one, report, per_minute / 60)
                report.promise(not one.memory.unavailable, f"{one.memory.unavailable} answers of 503")
    return report


def everything(server: redis_servers.Server, seconds: float) -> dict[str, Callable[[], Awaitable[object]]]:
    """By name what happens to the server itself."""

    async def killed() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.begin)

    async def flushed() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"FLUSHALL\r\n")
        assert (await reader.readline()).startswith(b"+OK")
        writer.close()

    async def away_for_a_while() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(server.begin)

    return {"killed": killed, "flushed": flushed, "away for a while": away_for_a_while}


async def harmed(one: SendingTown, report: Report, name: str, fault: Callable[[], Awaitable[object]]) -> None:
    """Do it while messages go out, and say how long none did."""
    begun = time.monotonic()
    await fault()
    await asyncio.sleep(1.0)
    ends = time.monotonic()
    silence = one.ledger.silence(begun, ends) if one.ledger.times[-1] > begun else 0.0
    messages = sum(begun < at < ends for at in one.ledger.times)
    report.injected += 1
    report.recovery.append(silence)
    answered = sum(begun < at < ends for at in one.memory.answered)
    report.say(f"{name}: messages, answers meanwhile; longest silence, s", f"{messages}, {answered}; {silence:.2f}")
    report.promise(silence <= MAX_SILENCE_S, f"{name}: no message for {silence:.1f} s")
    report.promise(answered > 0, f"{name}: nobody was answered meanwhile")


def within_quota(one: SendingTown, report: Report, per_second: float) -> None:
    """No ten seconds have more messages than the quota and what is tolerated."""
    times = one.ledger.times
    most = max(bisect_left(times, at + QUOTA_WINDOW_S) - place for place, at in enumerate(times))
    report.say(
        f"most messages in {QUOTA_WINDOW_S:g} s; the quota's share of that",
        f"{most:,}; {per_second * QUOTA_WINDOW_S:,.0f}",
    )
    report.promise(
        most <= per_second * QUOTA_WINDOW_S * MAX_QUOTA_SHARE,
        f"{most} messages in {QUOTA_WINDOW_S:g} s: the quota was reset",
    )
