"""kill -9 of the server at random moments while citizens and staff go on, and what is left of it all.

    python benchmarks/chaos.py --kills 30       # about two minutes
    python benchmarks/chaos.py --kills 8 --quick
    python benchmarks/chaos.py push             # the faults of pushing: see chaos_push.py

The real `banshi serve` runs on SQLite and is killed by its process id, also while it starts for the first time; a local
stand-in for Google's service outlives it. People send their requests again with the same Idempotency-Key until they are
answered, and remember every answer. The end is checked against the database file, the API and what the phones got.
Exits with 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp
import chaos_checks
from chaos_checks import Database
from chaos_server import Server, free_port
from chaos_story import Caller, Memory, Story
from processes import ROOT, table

from banshi.auth import development_token
from banshi.settings import Settings
from mobile_push.sandbox import FcmSandbox

CITIZENS = 5

#: Share of the kills that meet the server while it starts; how many of the first ones do, on an empty folder; share of
#: the others that come within 20 ms of a request.
IN_START, FIRST_STARTS, IN_REQUEST = 0.25, 2, 0.7

#: Seconds until all promises are kept.
SETTLE = 45.0


def configuration(folder: Path, sandbox: FcmSandbox) -> Path:
    """The project's plugins.toml for this run: data in `folder`, the sandbox for Google, short leases."""
    text = (ROOT / "plugins.toml").read_text()
    for old, new in (
        ('data = "data"', f'data = "{folder / "data"}"\noutbox_lease = 2.0\nlog_level = "warning"'),
        ('path = "plugins/', f'path = "{ROOT}/plugins/'),
    ):
        assert old in text, f"plugins.toml has no {old}"
        text = text.replace(old, new)
    key = sandbox.service_account_file(folder / "key.json")
    text += (
        f"\n[plugins.mobile_push.settings]\nlease = 4.5\n\n[plugins.mobile_push.settings.fcm]\n"
        f'service_account_file = "{key}"\nbase_url = "{sandbox.base_url}"\ntimeout = 1.0\nat_once = 20\n'
    )
    file = folder / "plugins.toml"
    file.write_text(text)
    return file


async def kill_again_and_again(
    server: Server, session: aiohttp.ClientSession, memory: Memory, kills: int, chance: random.Random, quick: bool
) -> tuple[list[float], int]:
    """Kill and start the server; seconds from each kill to the next answer, and how many kills met a start."""
    recovery, in_start, killed_at = [], 0, 0.0
    for number in range(kills + 1):
        server.start()
        if number < kills and (number < FIRST_STARTS or chance.random() < IN_START):
            await asyncio.sleep(chance.uniform(0.2, 1.3))
            in_start += 1
        else:
            await server.ready(session)
            if killed_at:
                recovery.append(time.monotonic() - killed_at)
            await asyncio.sleep(chance.uniform(0.05, 1.0 if quick else 3.0))
            if chance.random() < IN_REQUEST:
                # Aimed at what is worst: written, and not yet answered.
                memory.sent.clear()
                await memory.sent.wait()
                await asyncio.sleep(chance.uniform(0.0, 0.02))
        if number < kills:
            server.kill()
            killed_at = time.monotonic()
    return recovery, in_start


async def settled(database: Database) -> float:
    """Wait until every promise is kept; the seconds that it took."""
    started = time.monotonic()
    for _ in range(int(SETTLE / 0.05)):
        if not database.waiting():
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - started


async def inboxes_by_http(session: aiohttp.ClientSession, url: str, people: dict[str, str], memory: Memory) -> None:
    """Every citizen reads the whole inbox and every case once more, as the app would."""
    for name, token in people.items():
        caller = Caller(session, url, token, memory)
        after: int | None = 0
        seqs: list[int] = []
        while after is not None:
            page = await caller.get(f"/v1/inbox?after={after}&limit=200")
            seqs += [item["seq"] for item in page["items"]]
            after = page["next"]
        if seqs != list(range(1, len(seqs) + 1)):
            memory.wrong.append(f"GET /v1/inbox gives {name} the numbers {seqs}")
        for case in [case for case, person in memory.person.items() if person == name]:
            state = (await caller.get(f"/v1/cases/{case}"))["state"]
            if state != memory.state[case]:
                memory.wrong.append(f"GET case {case} says {state}; {memory.state[case]} was acknowledged")


async def run(kills: int, seed: int, quick: bool, folder: Path) -> int:
    chance, memory, ends = random.Random(seed), Memory(), asyncio.Event()
    settings = Settings(data=folder / "data")
    people = {name: development_token(settings, name) for name in (f"citizen-{one}" for one in range(CITIZENS))}
    staff = development_token(settings, "staff", roles=["traffic:reviewer", "traffic:approver"])
    timeout = aiohttp.ClientTimeout(total=5)
    async with FcmSandbox() as sandbox, aiohttp.ClientSession(timeout=timeout) as session:
        sandbox.behaviour.latency = 0.02
        server = Server(configuration(folder, sandbox), free_port(), folder / "server.log")
        try:
            lives = []
            for name, token in people.items():
                own = random.Random(f"{seed}/{name}")
                citizen, officer = (Caller(session, server.url, each, memory, own) for each in (token, staff))
                lives.append(asyncio.create_task(Story(name, citizen, officer, memory, own, ends).live()))
            recovery, in_start = await kill_again_and_again(server, session, memory, kills, chance, quick)
            ends.set()
            await asyncio.gather(*lives)
            database = Database(settings.data / "banshi.sqlite3")
            settling = await settled(database)
            await inboxes_by_http(session, server.url, people, memory)
            status = await asyncio.to_thread(server.end, signal.SIGTERM)
            if status:
                memory.wrong.append(f"after SIGTERM the server ended with status {status}")
        finally:
            server.kill()
    received = Counter((one.token, one.message["data"]["message_id"]) for one in sandbox.received)
    findings = chaos_checks.all_findings(database, memory, received, settings.attachments_folder)
    counts = chaos_checks.figures(database, settings.attachments_folder)
    database.close()
    scoreboard(kills, in_start, recovery, settling, memory, received, findings, counts)
    return 1 if any(findings.values()) else 0


def scoreboard(
    kills: int,
    in_start: int,
    recovery: list[float],
    settling: float,
    memory: Memory,
    received: Counter[tuple[str, str]],
    findings: dict[str, list[str]],
    counts: dict[str, int],
) -> None:
    again = sum(times - 1 for times in received.values())
    lost = sum(map(len, findings.values()))
    times = [f"{value:.2f}" for value in (min(recovery), statistics.median(recovery), max(recovery))]
    print(f"\nkill -9 of `banshi serve` on SQLite, {os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    rows = [
        ("kills, of which during a start", f"{kills}, {in_start}"),
        ("requests acknowledged (distinct keys)", str(len(memory.keys))),
        ("requests sent more than once; answered from what was stored", f"{memory.repeated}; {memory.replayed}"),
        *((name, str(count)) for name, count in counts.items()),
        ("pushes that arrived; of which a second time", f"{received.total()}; {again}"),
        ("seconds from a kill to the next answer, min / median / max", " / ".join(times)),
        ("seconds until all promises were kept after the last start", f"{settling:.1f}"),
        ("lost or broken", str(lost)),
    ]
    table(("", "figure"), rows)
    for promise, found in findings.items():
        print(f"{'BROKEN' if found else 'kept  '}  {promise}")
        for one in found[:20]:
            print(f"        {one}")


def main() -> None:
    if sys.argv[1:2] == ["push"]:
        import chaos_push

        sys.exit(chaos_push.main(sys.argv[2:]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="less time between two kills")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="banshi-chaos-") as folder:
        sys.exit(asyncio.run(run(arguments.kills, arguments.seed, arguments.quick, Path(folder))))


if __name__ == "__main__":
    main()
