"""A backup that is made under load, restored elsewhere, and held until somebody releases it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

from chaos_city import City, city
from chaos_report import Length, Report
from processes import banshi

#: Seconds for which the restored platform is watched while it is held.
WATCHED = 4.0


async def restore(folder: Path, length: Length) -> Report:
    """What was acknowledged before the backup began is there; what was promised goes out after the release only."""
    report = Report("a backup under load is restored into another folder")
    old, new = folder / "old", folder / "new"
    for place in (old, new):
        place.mkdir()
    async with city(old) as one:
        await one.start()
        one.live(length.seed)
        await one.answers(40 * length.kills)
        # From here on pushes wait, so that the backup has some that have not gone out.
        one.sandbox.behaviour.unavailable_share = 1.0
        await one.answers(20)
        known = set(one.memory.state)
        await command(old, "backup", str(folder / "backup"))
        await one.answers(10)
    async with city(new) as other:
        await command(new, "restore", str(folder / "backup"))
        await other.start()
        cases = {row["id"] for row in await asyncio.to_thread(other.database.rows, "SELECT id FROM banshi_case")}
        due = "SELECT COUNT(*) AS n FROM push_delivery WHERE state = 'due'"
        waiting = (await asyncio.to_thread(other.database.rows, due))[0]["n"]
        await asyncio.sleep(WATCHED)
        report.promise(not other.sandbox.received, f"{len(other.sandbox.received)} pushes went out while it was held")
        released = time.monotonic()
        await command(new, "outbox", "release", "--yes")
        report.recovery.append(await until_sent(other, released))
        sent = Counter(one.token for one in other.sandbox.received).total()
    report.injected, report.lost = 1, len(known - cases)
    report.say("cases acknowledged before the backup; in it", f"{len(known)}; {len(cases)}")
    report.say("pushes that waited in it; sent after the release", f"{waiting}; {sent}")
    report.promise(not report.lost, f"{report.lost} acknowledged cases are not in the backup")
    report.promise(sent >= waiting > 0, f"{waiting} pushes waited, {sent} were sent")
    return report


async def until_sent(other: City, since: float) -> float:
    """Seconds until nothing is due any more."""
    while await asyncio.to_thread(other.database.waiting):
        if time.monotonic() > since + 60:
            raise TimeoutError("something is still due a minute after the release")
        await asyncio.sleep(0.05)
    return time.monotonic() - since


async def command(folder: Path, *arguments: str) -> None:
    """Run a command of `banshi` on the plugins.toml there; it has to succeed."""
    process = await asyncio.create_subprocess_exec(
        *banshi(folder / "plugins.toml", *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
