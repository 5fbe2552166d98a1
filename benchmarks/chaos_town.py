"""A town for the faults of pushing: many phones, a notice to all of them, and citizens whose cases go on beside it."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from chaos_checks import Database
from chaos_ledger import Account, Key, Ledger
from chaos_server import Server
from chaos_story import Caller, Memory, Story
from databases import SERVER
from population import phones as register_phones
from population import published, token_of
from processes import ROOT
from provider import tls

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from banshi.testing import open_door
from tests.fault_proxy import FaultProxy
from tests.ports import free_port

CITIZENS = 3
STAFF = ["traffic:reviewer", "traffic:approver"]

#: Seconds after which what is still not done never will be.
PATIENCE = 240.0


@dataclass
class Town:
    """Everything that a fault is tried on."""

    folder: Path
    ledger: Ledger
    way: FaultProxy
    server: Server
    workers: list[Server]
    session: aiohttp.ClientSession
    database: str
    broadcast: str
    tokens: list[str]
    memory: Memory = field(default_factory=Memory)
    started: float = field(default_factory=time.monotonic)
    _ends: asyncio.Event = field(default_factory=asyncio.Event)
    _lives: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        for one in (self.server, *self.workers):
            one.start()
            await one.ready(self.session)

    def live(self, seed: int) -> None:
        """Let citizens and staff begin; each insists on an answer."""
        settings = Settings(data=self.folder / "data")
        for name in (f"citizen-{one}" for one in range(CITIZENS)):
            own = random.Random(f"{seed}/{name}")
            tokens = (development_token(settings, name), development_token(settings, "staff", roles=STAFF))
            people = (Caller(self.session, [self.server.url], each, self.memory, own) for each in tokens)
            self._lives.append(asyncio.create_task(Story(name, *people, self.memory, own, self._ends).live()))

    async def rest(self) -> None:
        """No citizen begins anything new."""
        self._ends.set()
        await asyncio.gather(*self._lives)

    async def settled(self, patience: float = PATIENCE) -> None:
        """Wait until nothing is due any more, and end the servers. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            while await self._due():  # noqa: ASYNC110 - nobody else tells
                await asyncio.sleep(0.2)
        for one in (self.server, *self.workers):
            status = await asyncio.to_thread(one.end, signal.SIGTERM)
            if status:
                self.memory.wrong.append(f"after SIGTERM a server ended with status {status}")

    async def _due(self) -> int:
        rows = await self.read("push_fan_out"), await self.read("push_chunk"), await self.read("push_delivery")
        outbox = await self.read("banshi_outbox")
        return sum(states.get("due", 0) for states in (*rows, outbox))

    async def read(self, table: str) -> dict[str, int]:
        """How many rows of a table are in each state."""
        rows = await query(self.database, f"SELECT state, COUNT(*) AS n FROM {table} GROUP BY state")
        return {row["state"]: row["n"] for row in rows}

    async def promised(self) -> set[Key]:
        """Whom what was promised: the notice to each phone of the beginning, and each case message to its person."""
        rows = await query(self.database, "SELECT person, id FROM push_inbox_message WHERE kind = 'case'")
        personal = {(str(row["id"]), self.memory.phones[row["person"]]) for row in rows}
        return personal | {(self.broadcast, token) for token in self.tokens}

    async def account(self) -> Account:
        return self.ledger.account(await self.promised())

    async def metrics(self) -> str:
        async with self.session.get(f"{self.server.url}/metrics") as answer:
            return await answer.text()

    def log(self) -> str:
        return (self.folder / "server.log").read_text()


async def query(database: str, sql: str) -> list[Mapping[str, Any]]:
    """Read from the server's database beside it."""
    return await asyncio.to_thread(Database(database).rows, sql)


@asynccontextmanager
async def town(
    folder: Path,
    phones: int,
    *,
    per_minute: int,
    postgres: bool = False,
    push: str = "",
    fcm: str = "",
    platform: str = "",
    more: str = "",
    workers: int = 0,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Town]:
    """A town with so many phones and a published notice; no server runs yet.

    `platform`, `push` and `fcm` are settings, `more` tables of them. With workers the server only answers requests.
    """
    async with (
        Ledger(tls(folder)) as ledger,
        FaultProxy(to=ledger.port) as way,
        database_for(folder, postgres) as database,
    ):
        account = ledger.service_account_file(folder / "account.json")
        text = (ROOT / "plugins.toml").read_text()
        own = f'data = "{folder / "data"}"\ndatabase = "{database}"\nlog_level = "warning"\n{platform}'
        text = text.replace('data = "data"', own).replace('path = "plugins/', f'path = "{ROOT}/plugins/')
        text += (
            f"\n[plugins.mobile_push.settings]\n{push}\n[plugins.mobile_push.settings.fcm]\n{fcm}\n"
            f'service_account_file = "{account}"\nbase_url = "https://127.0.0.1:{way.port}/v1/projects"\n'
            f'ca_file = "{folder / "ca.pem"}"\nper_minute = {per_minute}\n{more}'
        )
        config = folder / "plugins.toml"
        config.write_text(text)
        broadcast, tokens = await populated(folder, database, phones)
        command = ("serve", "--no-work") if workers else ("serve",)
        server = Server(config, free_port(), folder / "server.log", command=command, **(environment or {}))
        others = [
            Server(config, free_port(), folder / f"worker-{number}.log", command=("worker",))
            for number in range(workers)
        ]
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            found = Town(folder, ledger, way, server, others, session, database, broadcast, tokens)
            try:
                yield found
            finally:
                for life in found._lives:
                    life.cancel()
                for one in (server, *others):
                    one.kill()


@asynccontextmanager
async def database_for(folder: Path, postgres: bool) -> AsyncIterator[str]:
    """The address of a new database, which is dropped at the end."""
    if not postgres:
        yield Settings(data=folder / "data").database_url
        return
    import asyncpg

    name = f"banshi_chaos_{uuid4().hex[:12]}"
    connection = await asyncpg.connect(SERVER)
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{SERVER.rpartition('/')[0].replace('postgres://', 'asyncpg://', 1)}/{name}"
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


async def populated(folder: Path, database: str, phones: int) -> tuple[str, list[str]]:
    """Register phones and publish a notice to everyone; its id and the phones' tokens."""
    plugins: dict[str, Path | str] = {"traffic": ROOT / "plugins/departments/traffic", "mobile_push": "mobile_push"}
    async with open_door(folder, plugins, platform={"database": database}) as door:
        await register_phones(door.platform, phones)
        # The provider is the server's, which does not run yet.
        one = await published(door.platform, providers=["fcm"], everyone=True)
    return str(one.id), [token_of(number) for number in range(phones)]
