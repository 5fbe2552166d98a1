"""The whole platform with citizens and staff who go on while it is harmed, and who remember each answer."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import chaos_checks
from chaos_checks import Database
from chaos_report import Report, spread
from chaos_server import Server
from chaos_story import Caller, Memory, Story
from processes import ROOT

from banshi.builtin.identity.development import development_token
from banshi.kernel.loading.settings import Settings
from mobile_push.sandbox import FcmSandbox
from tests.ports import free_port

NAMES = [f"citizen-{number}" for number in range(5)]
STAFF = ["traffic:reviewer", "traffic:approver"]

#: Seconds until all promises are kept.
SETTLE = 60.0


@dataclass
class City:
    """Servers, and everybody who uses them."""

    folder: Path
    session: aiohttp.ClientSession
    sandbox: FcmSandbox
    database: Database
    servers: list[Server]
    memory: Memory = field(default_factory=Memory)
    _ends: asyncio.Event = field(default_factory=asyncio.Event)
    _lives: list[asyncio.Task[None]] = field(default_factory=list)
    _people: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(data=self.folder / "data")

    @property
    def urls(self) -> list[str]:
        return [server.url for server in self.servers]

    async def start(self) -> None:
        """Start every server, the first one alone: it makes tables and keys."""
        for server in self.servers:
            server.start()
            await server.ready(self.session)

    def live(self, seed: int) -> None:
        """Let citizens and staff begin; each insists on an answer."""
        self._people = {name: development_token(self.settings, name) for name in NAMES}
        staff = development_token(self.settings, "staff", roles=STAFF)
        for name, token in self._people.items():
            own = random.Random(f"{seed}/{name}")
            citizen, officer = (Caller(self.session, self.urls, each, self.memory, own) for each in (token, staff))
            story = Story(name, citizen, officer, self.memory, own, self._ends)
            self._lives.append(asyncio.create_task(story.live()))

    async def answers(self, count: int, seconds: float = 60) -> None:
        """Wait for so many further answers. Raises TimeoutError."""
        wanted = len(self.memory.answered) + count
        async with asyncio.timeout(seconds):
            while len(self.memory.answered) < wanted:  # noqa: ASYNC110 - everybody's answers
                await asyncio.sleep(0.02)

    async def rest(self) -> None:
        """No citizen begins anything new."""
        self._ends.set()
        await asyncio.gather(*self._lives)

    def abandon(self) -> None:
        for life in self._lives:
            life.cancel()
        for server in self.servers:
            server.kill()

    async def end(self, report: Report) -> None:
        """Wait until all promises are kept, end the servers, and hold what there is against what was acknowledged."""
        await self.rest()
        memory, begun = self.memory, time.monotonic()
        while await asyncio.to_thread(self.database.waiting) and time.monotonic() < begun + SETTLE:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        report.say("seconds until all promises were kept at the end", f"{time.monotonic() - begun:.1f}")
        await self._read_again()
        for server in self.servers:
            status = await asyncio.to_thread(server.end, signal.SIGTERM)
            if status:
                memory.wrong.append(f"after SIGTERM a server ended with status {status}")
        received = Counter((one.token, one.message["data"]["message_id"]) for one in self.sandbox.received)
        files = self.settings.attachments_folder
        findings = await asyncio.to_thread(chaos_checks.all_findings, self.database, memory, received, files)
        figures = await asyncio.to_thread(chaos_checks.figures, self.database, files)
        again = sum(times - 1 for times in received.values())
        report.lost += sum(map(len, findings.values()))
        report.duplicated += again
        report.say("requests acknowledged (distinct keys)", len(memory.keys))
        report.say("sent more than once; answered from what was stored", f"{memory.repeated}; {memory.replayed}")
        report.say("answers of 503, each with a Retry-After", memory.unavailable)
        for name, count in figures.items():
            report.say(name, count)
        report.say("pushes that arrived; of which a second time", f"{received.total()}; {again}")
        if report.recovery:
            report.say("seconds until the next answer, min / median / max", spread(report.recovery))
        for promise, found in findings.items():
            for one in found:
                report.promise(False, f"{promise}: {one}")

    async def _read_again(self) -> None:
        """Every citizen reads the whole inbox and every case once more, as the app would."""
        memory = self.memory
        for name, token in self._people.items():
            caller = Caller(self.session, self.urls, token, memory)
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


def configuration(folder: Path, sandbox: FcmSandbox, database: str, more: str) -> Path:
    """The project's plugins.toml for a run: data in `folder`, the sandbox for Google, short leases, `more` tables."""
    text = (ROOT / "plugins.toml").read_text()
    own = f'data = "{folder / "data"}"\noutbox_lease = 2.0\nlog_level = "warning"\n'
    own += f'database = "{database}"' if database else ""
    for old, new in (('data = "data"', own), ('path = "plugins/', f'path = "{ROOT}/plugins/')):
        assert old in text, f"plugins.toml has no {old}"
        text = text.replace(old, new)
    key = sandbox.service_account_file(folder / "key.json")
    text += (
        f"\n[plugins.mobile_push.settings]\nlease = 4.5\n\n[plugins.mobile_push.settings.fcm]\n"
        f'service_account_file = "{key}"\nbase_url = "{sandbox.base_url}"\ntimeout = 1.0\nat_once = 20\n{more}'
    )
    file = folder / "plugins.toml"
    file.write_text(text)
    return file


@asynccontextmanager
async def city(
    folder: Path,
    *,
    database: str = "",
    seen_at: str = "",
    more: str = "",
    commands: Sequence[Sequence[str]] = (("serve",),),
) -> AsyncIterator[City]:
    """A city whose servers do not run yet. `seen_at` is where its database is read, where not through `database`."""
    timeout = aiohttp.ClientTimeout(total=5)
    async with FcmSandbox() as sandbox, aiohttp.ClientSession(timeout=timeout) as session:
        sandbox.behaviour.latency = 0.02
        config = configuration(folder, sandbox, database, more)
        servers = [
            Server(config, free_port(), folder / f"server-{number}.log", command=command)
            for number, command in enumerate(commands)
        ]
        url = seen_at or database or Settings(data=folder / "data").database_url
        found = City(folder, session, sandbox, Database(url), servers)
        try:
            yield found
        finally:
            found.abandon()
