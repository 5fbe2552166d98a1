"""A backup that is made under load, restored elsewhere, and held until somebody releases it."""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path

from benchmarks.shared.processes import banshi_done
from benchmarks.town.city import city
from benchmarks.town.report import Report

#: Seconds for which the restored platform is watched while it is held.
WATCHED_S = 4.0


async def restore(folder: Path, length: argparse.Namespace) -> Report:
    """What was acknowledged before the backup began is there; what was promised goes out after the release only."""
    report = Report("a backup under load is restored into another folder")
    old, new = folder / "old", folder / "new"
    for place in (old, new):
        place.mkdir()
    async with city(old) as one:
        await one.start(length.seed)
        await one.answers(40 * length.kills)
        # From here on pushes wait, so that the backup has some that have not gone out.
        one.sandbox.behaviour.unavailable_share = 1.0
        await one.answers(20)
        known = set(one.memory.state)
        await asyncio.to_thread(banshi_done, old / "plugins.toml", "backup", str(folder / "backup"))
        await one.answers(10)
    async with city(new) as other:
        await asyncio.to_thread(banshi_done, new / "plugins.toml", "restore", str(folder / "backup"))
        await other.start()
        cases = {row["id"] for row in await other.rows("SELECT id FROM banshi_case")}
        waiting = (await asyncio.to_thread(other.database.states, "push_delivery"))["due"]
        await asyncio.sleep(WATCHED_S)
        report.promise(not other.sandbox.received, f"{len(other.sandbox.received)} pushes went out while it was held")
        released = time.monotonic()
        await asyncio.to_thread(banshi_done, new / "plugins.toml", "outbox", "release", "--yes")
        await other.settled(60)
        report.recovery.append(time.monotonic() - released)
        sent = len(other.sandbox.received)
    report.injected, report.lost = 1, len(known - cases)
    report.say("cases acknowledged before the backup; in it", f"{len(known)}; {len(cases)}")
    report.say("pushes that waited in it; sent after the release", f"{waiting}; {sent}")
    report.promise(not report.lost, f"{report.lost} acknowledged cases are not in the backup")
    report.promise(sent >= waiting > 0, f"{waiting} pushes waited, {sent} were sent")
    return report
