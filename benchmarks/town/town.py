"""The whole platform with citizens and staff who go on while it is harmed, and who remember each answer."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from benchmarks.shared.beside import beside
from benchmarks.shared.cities import city
from benchmarks.shared.figures import percentile, spread
from benchmarks.shared.servers import Server
from benchmarks.town.checks import Database
from benchmarks.town.report import Report
from benchmarks.town.story import Caller, Memory, Story
from tests.waiting import until

STAFF = ["traffic:reviewer", "traffic:approver"]

#: Commands of a deployment of one server, and of two.
ONE, TWO = (("serve",),), (("serve",), ("serve",))


@dataclass(kw_only=True)
class Town:
    """Servers, and everybody who uses them."""

    folder: Path
    session: aiohttp.ClientSession
    servers: list[Server]
    database: Database
    citizens: int = 5
    memory: Memory = field(default_factory=Memory)
    _ends: asyncio.Event = field(default_factory=asyncio.Event)
    _lives: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def server(self) -> Server:
        return self.servers[0]

    @property
    def urls(self) -> list[str]:
        """Where people are answered."""
        return [server.url for server in self.servers if server.answers_people]

    @property
    def settings(self) -> Settings:
        return Settings(data=self.folder / "data")

    async def start(self, seed: int | None = None) -> None:
        """Start every server, the first one alone: it makes tables and keys. With a seed, people live from then on."""
        for server in self.servers:
            await self.again(server)
        if seed is not None:
            self.live(seed)

    async def again(self, server: Server) -> None:
        """Start one of them again."""
        server.start()
        await server.ready(self.session)

    # -- people ------------------------------------------------------------------------------------------------------

    def bearer(self, name: str, *roles: str) -> dict[str, str]:
        """What somebody sends with each request."""
        return {"Authorization": f"Bearer {development_token(self.settings, name, roles=roles)}"}

    def caller(self, name: str, *roles: str, chance: random.Random | None = None) -> Caller:
        return Caller(self.session, self.urls, self.bearer(name, *roles), self.memory, chance)

    def applicant(self, name: str) -> Story:
        """Somebody who does one thing at a time, as they are told."""
        caller = self.caller(name)
        return Story(name, caller, caller, self.memory, random.Random(name), asyncio.Event())

    def live(self, seed: int) -> None:
        """Let citizens and staff begin; each insists on an answer."""
        for name in self.names:
            own = random.Random(f"{seed}/{name}")
            people = self.caller(name, chance=own), self.caller("staff", *STAFF, chance=own)
            self._lives.append(asyncio.create_task(Story(name, *people, self.memory, own, self._ends).live()))

    @property
    def names(self) -> list[str]:
        return [f"citizen-{number}" for number in range(self.citizens)]

    async def answers(self, count: int, seconds: float = 60) -> None:
        """Wait for so many further answers. Raises AssertionError."""
        wanted = len(self.memory.answered) + count
        await until(lambda: len(self.memory.answered) >= wanted, seconds)

    async def catalogue(self) -> int:
        """What somebody gets who reads the catalogue meanwhile."""
        async with self.session.get(f"{self.urls[0]}/v1/items/zone-pass") as answer:
            return answer.status

    async def metrics(self) -> str:
        async with self.session.get(f"{self.server.url}/metrics") as answer:
            return await answer.text()

    # -- the end -----------------------------------------------------------------------------------------------------

    async def rows(self, sql: str) -> list[Any]:
        """Read from the database beside the servers."""
        return await asyncio.to_thread(self.database.rows, sql)

    async def rest(self) -> None:
        """No citizen begins anything new."""
        self._ends.set()
        await asyncio.gather(*self._lives)

    async def settled(self, seconds: float) -> float:
        """Wait until all promises are kept; the seconds that it took. Raises TimeoutError."""
        begun = time.monotonic()
        async with asyncio.timeout(seconds):
            while await asyncio.to_thread(self.database.waiting):  # noqa: ASYNC110 - nobody else tells
                await asyncio.sleep(0.1)
        return time.monotonic() - begun

    async def stop(self) -> None:
        """End the servers in order."""
        for server in self.servers:
            if status := await asyncio.to_thread(server.end):
                self.memory.wrong.append(f"after SIGTERM a server ended with status {status}")

    def abandon(self) -> None:
        for life in self._lives:
            life.cancel()
        for server in self.servers:
            server.kill()


@asynccontextmanager
async def opened(
    config: Path,
    commands: Sequence[Sequence[str]] = ONE,
    *,
    kind: Any = Town,
    database: str = "",
    patience: float = 5,
    environment: dict[str, str] | None = None,
    **more: Any,
) -> AsyncIterator[Any]:
    """A town of that kind whose servers do not run yet. `database` is where its database is read."""
    folder, limits = config.parent, aiohttp.ClientTimeout(total=patience)
    servers = [
        Server(config, folder / f"server-{number}.log", command=command, **(environment or {}))
        for number, command in enumerate(commands)
    ]
    seen = Database(database or Settings(data=folder / "data").database_url)
    async with aiohttp.ClientSession(timeout=limits, connector=aiohttp.TCPConnector(limit=0)) as session:
        found = kind(folder=folder, session=session, servers=servers, database=seen, **more)
        try:
            yield found
        finally:
            found.abandon()


@asynccontextmanager
async def small_town(folder: Path) -> AsyncIterator[Town]:
    """A running server of the traffic police and mobile_push alone, whose errors alone are logged."""
    async with opened(city(folder, log_level="error"), patience=60) as one:
        await one.start()
        yield one


class Others:
    """Somebody who reads the catalogue meanwhile."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.statuses = Counter[int]()

    async def read(self, url: str) -> None:
        async with aiohttp.ClientSession() as session:
            while True:
                begun = time.monotonic()
                async with session.get(f"{url}/v1/items/zone-pass") as answer:
                    await answer.read()
                    self.statuses[answer.status] += 1
                self.took.append(time.monotonic() - begun)
                await asyncio.sleep(0.02)

    def tell(self, report: Report, longest: float = math.inf) -> None:
        report.say("reads of others meanwhile", dict(self.statuses))
        report.say("seconds of one, min / median / max", spread(self.took))
        report.promise(set(self.statuses) == {200}, f"others were answered {dict(self.statuses)}")
        p99 = percentile(self.took, 0.99)
        report.promise(p99 <= longest, f"others waited {p99:.2f} s")


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Others]:
    """Others who read while the block runs."""
    others = Others()
    async with beside(others.read(url)):
        yield others
