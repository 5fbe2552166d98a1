"""Every statement that a server sends while people do everything, its sweeps run and an operator looks at it."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

from banshi.kernel.loading.registry import Registry
from banshi.kernel.loading.settings import Settings
from benchmarks import seed_plans
from benchmarks.shared.processes import python, running
from benchmarks.soak import configuration
from benchmarks.town.visitors import People, Unexpected
from benchmarks.town.visits import VISITS, visit
from mobile_push.sandbox import FcmSandbox

#: Visits of each kind, and seconds for which broadcasts walk over the phones before they are recalled.
EACH, WALK_S = 8, 4.0

#: Seconds until the sweeps have been round: the audit is sealed every minute. In a short run it isn't.
SWEEPS_S, SHORT_SWEEPS_S = 65.0, 12.0

#: To whom notices go: all ways of choosing an audience.
AUDIENCES: tuple[dict[str, Any], ...] = (
    {"everyone": True},
    {"departments": ["traffic"]},
    {"divisions": ["510703"]},
    {"divisions": ["510703"], "departments": ["traffic"]},
    {"people": {"items": ["zone-pass"], "states": ["approved"]}},
)

#: What an operator asks.
COMMANDS = (
    ("outbox", "list"),
    ("outbox", "list", "--state", "parked"),
    ("outbox", "list", "--state", "waiting", "--lane", "case"),
    ("outbox", "list", "--consumer", "intake"),
    ("outbox", "retry", "--consumer", "intake"),
    ("outbox", "retry", "--all"),
)


def statements_of(
    folder: Path, database: str, registry: Registry, people: Iterator[str], sweeps: float = SWEEPS_S
) -> list[seed_plans.Statement]:
    """Run the server and its commands, and read what they have written down. Raises RuntimeError for a wrong answer."""
    noted = folder / "statements"
    listening = {"SEED_STATEMENTS": str(noted)}
    asyncio.run(_everything(folder, database, registry, people, listening, sweeps))
    config = str(folder / "plugins.toml")
    for arguments in COMMANDS:
        command = python("peers/noting_server.py", "--config", config, *arguments)
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **listening}, check=False)
        if done.returncode:
            raise RuntimeError(f"banshi {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return seed_plans.read(noted)


async def _everything(
    folder: Path, database: str, registry: Registry, people: Iterator[str], listening: dict[str, str], sweeps: float
) -> None:
    async with FcmSandbox() as sandbox, aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        file = await asyncio.to_thread(configuration, folder, database, sandbox)
        command = python("peers/noting_server.py", "--config", str(file), "serve", "--port", "0")
        with running(command, side=None, **listening) as server:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            town = People(session, server.url, registry, Settings(data=folder / "data"))
            for number in range(EACH):
                await asyncio.gather(*(visit(town, name, random.Random(f"{name}/{number}")) for name in VISITS))
            for _ in range(EACH):
                with suppress(Unexpected):  # it is written down
                    await _one_who_was_there(town, next(people))
            await _broadcasts(town)
            await asyncio.sleep(max(0.0, begun + sweeps - loop.time()))
            await town.anyone.get("/healthz")
            operator = town.called("operator", roles=["platform:operator"])
            await operator.get("/v1/ops/push/dead-letters")
            async with session.get(f"{server.url}/metrics") as answer:
                await answer.read()
    if town.told.wrong:
        raise RuntimeError("\n".join(town.told.wrong[:20]))


async def _one_who_was_there(town: People, person: str) -> None:
    """Somebody of the seeded city: what is theirs, old and new."""
    citizen = town.called(person)
    for path in ("cases", "cases?state=closed", "inbox", "inbox/unread", "devices", "preferences"):
        await citizen.get(f"/v1/{path}")
    page = (await citizen.get("/v1/cases?limit=1")).document
    # Of appeals and appointments there are cases alone.
    for case in page["items"]:
        if town.registry.items[case["item"]["code"]].kind == "application":
            await citizen.get(case["links"]["self"])
    if page["next"]:
        await citizen.get(f"/v1/cases?limit=1&cursor={page['next']}")
    page = (await citizen.get("/v1/inbox?limit=1")).document
    if page["next"]:
        await citizen.get(f"/v1/inbox?after={page['next']}")


async def _broadcasts(town: People) -> None:
    """Notices to audiences of every sort, recalled before the phones of all are through."""
    officer = town.officer(random.Random(1))
    for audience in AUDIENCES:
        body = {"department": "traffic", "title": {"zh-CN": "停水通知", "en": "No water"}, "audience": audience}
        body["body"] = {"zh-CN": "周五9时至12时停水。", "en": "Friday, 9 to 12."}
        try:
            made = (await officer.post("/v1/notices", body)).document
            await asyncio.sleep(WALK_S)
            await officer.get(made["links"]["self"])
            await officer.post(f"{made['links']['self']}/actions/recall", {"reason": "误发"})
        except Unexpected:
            continue  # it is written down, and the others are looked at all the same
    await officer.get("/v1/notices")
