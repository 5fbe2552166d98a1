"""A deploy goes from one version to the next while both run on one database, and nobody at the door notices.

The next version is a copy of this one with further tables, columns, indexes and messages (`next_version.py`); a
proxy's part is played by callers that send a request again elsewhere where a server is gone.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import aiohttp
import pytest

from banshi.testing import Person, Reply
from mobile_push.sandbox import FcmSandbox
from tests.conftest import good_answers
from tests.harness.borrowed import connected
from tests.harness.encrypted import opened_person
from tests.journeys.running import (
    BANSHI,
    PATIENCE,
    PATIENT,
    Running,
    command,
    configured,
    started,
    started_from_disk,
    with_phones,
)
from tests.journeys.serving.next_version import NEXT, PRESENT, NextVersion, made_in
from tests.places import TRAFFIC
from tests.servers import redis_servers
from tests.waiting import until

CITY = """
{patient}
data = "{data}"
database = "{database}"
migrate_at_start = false
[platform.pool]
most = 3
[platform.redis]
url = "redis://127.0.0.1:{redis}/0"
name = "rolling"
"""

#: Citizens who hand in one application after the other, and cases that each phase has to see acknowledged.
CITIZENS, EACH_PHASE = 3, 4


@dataclass
class Version:
    """How one of the two is run: its settings and its code."""

    folder: Path
    environment: Mapping[str, str] | None = None

    def said(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        if self.environment is None:
            return command(self.folder, *arguments)
        how: Any = {"cwd": self.folder, "env": self.environment, "timeout": PATIENCE}
        return subprocess.run([BANSHI, *arguments], **how, capture_output=True, text=True)

    @contextmanager
    def serving(self, *arguments: str) -> Iterator[tuple[Running, str]]:
        """A server of this version, and where it answers."""
        with (self.folder / "log").open("ab") as log, self._begun(log, "serve", "--port", "0", *arguments) as it:
            yield it, it.line()

    def _begun(self, log: IO[bytes], *arguments: str) -> Running:
        """The next version's code is on the disk alone."""
        if self.environment is None:
            return started(self.folder, *arguments, stderr=log)
        return started_from_disk(self.folder, *arguments, stderr=log, env=self.environment)


@dataclass
class Door:
    """The servers that a proxy has, and whoever comes to them."""

    urls: list[str] = field(default_factory=list)
    #: Cases that were acknowledged, each with its person.
    acknowledged: dict[str, str] = field(default_factory=dict)
    #: Answers that nobody may get, and how often each status came.
    wrong: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Caller(Person):
    """Somebody who goes through the proxy: to any server that is there, and to another where that one is gone."""

    def __init__(self, session: aiohttp.ClientSession, door: Door, token: str) -> None:
        super().__init__(session, "", token)
        self.door = door

    async def call(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> Reply:
        async with asyncio.timeout(PATIENCE):
            while True:
                self._url = random.choice(self.door.urls)
                try:
                    reply = await super().call(method, path, headers=headers, **body)
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
                    continue
                self.door.statuses[reply.status] += 1
                if reply.status == 503 and "Retry-After" in reply.headers:
                    await asyncio.sleep(0.2)
                    continue
                if reply.status >= 500:
                    self.door.wrong.append(f"{method} {path}: {reply.status} {reply.body[:300]!r}")
                return reply

    async def upload(self, *given: Any, **more: Any) -> Reply:
        """A form is sent once: it is made anew where it has to go elsewhere."""
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    return await super().upload(*given, **more)
                except (RuntimeError, TypeError, ValueError):
                    await asyncio.sleep(0.05)

    async def live(self, name: str) -> None:
        """Hand in applications and read, until it is over."""
        number = 0
        while not self.door.over.is_set():
            number += 1
            answers = await good_answers(self, plate=f"川B{random.randrange(10**5):05}")
            made = await self.post("/v1/items/zone-pass/cases", {"answers": answers}, key=f"{name}-{number}")
            case = made.created()["id"]
            self.door.acknowledged[case] = name
            for path in (f"/v1/cases/{case}", "/v1/cases", "/v1/items/zone-pass", "/v1/inbox"):
                (await self.get(path)).ok()
            # A server that does nothing else proves no more.
            await asyncio.sleep(0.05)


@dataclass
class Deploy:
    """A city that runs on this version, with the next one beside it."""

    old: Version
    new: Version
    next: NextVersion
    door: Door
    sandbox: FcmSandbox
    database: str

    async def lived(self) -> None:
        """Wait until some more is acknowledged."""
        enough = len(self.door.acknowledged) + EACH_PHASE
        await until(lambda: len(self.door.acknowledged) >= enough or self.door.wrong, PATIENCE)

    async def rows(self, sql: str) -> list[Any]:
        server, _, schema = self.database.partition("?schema=")
        async with connected(server) as connection:
            await connection.execute(f"SET search_path TO {schema.partition('&')[0]}")
            return list(await connection.fetch(sql))


@pytest.fixture
async def deploy(tmp_path: Path, empty_postgres: str) -> AsyncIterator[Deploy]:
    following = made_in(tmp_path / "next")
    async with FcmSandbox() as sandbox:
        with redis_servers.alone(tmp_path / "redis") as redis:
            platform = CITY.format(patient=PATIENT, data=tmp_path / "data", database=empty_postgres, redis=redis.port)
            old, new = tmp_path / "old", tmp_path / "new"
            configured(old, platform, with_phones(tmp_path, sandbox))
            configured(new, platform, with_phones(tmp_path, sandbox).replace(str(TRAFFIC), str(following.traffic)))
            yield Deploy(Version(old), Version(new, following.environment), following, Door(), sandbox, empty_postgres)


@asynccontextmanager
async def citizens(deploy: Deploy) -> AsyncIterator[None]:
    """People with a phone each, who come again and again while the block runs."""
    async with aiohttp.ClientSession() as session:
        lives = []
        for name in (f"citizen-{number}" for number in range(CITIZENS)):
            token = (await asyncio.to_thread(deploy.old.said, "token", name)).stdout.strip()
            caller = Caller(session, deploy.door, token)
            phone = {"provider": "fcm", "token": f"phone-{name}", "platform": "android", "language": "en"}
            (await caller.post("/v1/devices", phone)).created()
            lives.append(asyncio.create_task(caller.live(name)))
        try:
            yield
        finally:
            deploy.door.over.set()
            await asyncio.gather(*lives)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_two_versions_serve_side_by_side_through_a_whole_deploy_and_nothing_is_lost(deploy: Deploy) -> None:
    old, new, door = deploy.old, deploy.new, deploy.door
    assert (await asyncio.to_thread(old.said, "migrate")).returncode == 0
    with ExitStack() as machines:
        first, second = [machines.enter_context(old.serving()) for _ in range(2)]
        door.urls = [first[1], second[1]]
        async with citizens(deploy):
            await deploy.lived()
            migrated = await asyncio.to_thread(new.said, "migrate")
            assert migrated.returncode == 0, migrated.stderr
            assert set(migrated.stdout.splitlines()[:-1]) == set(deploy.next.steps)
            await deploy.lived()
            refused = await asyncio.to_thread(old.said, "serve", "--port", "0")
            assert refused.returncode == 2
            assert "schema-too-new" in refused.stderr
            for server in (first, second):
                begun = await asyncio.to_thread(machines.enter_context, new.serving())
                door.urls.append(begun[1])
                await deploy.lived()
                door.urls.remove(server[1])
                assert await asyncio.to_thread(server[0].stop) == 0
                await deploy.lived()
        await until(lambda: kept(deploy), 2 * PATIENCE)
    assert door.wrong == []
    await nothing_is_lost(deploy)


async def kept(deploy: Deploy) -> bool:
    """Whether nothing is due any more."""
    sql = "SELECT 1 FROM banshi_outbox WHERE state = 'due' UNION ALL SELECT 1 FROM push_delivery WHERE state = 'due'"
    return not await deploy.rows(sql)


async def nothing_is_lost(deploy: Deploy) -> None:
    """Every case is there once, with what it promised kept once, and both versions have had a part in it."""
    cases = {str(row["id"]): row for row in await deploy.rows("SELECT id, person, state, made_by FROM banshi_case")}
    assert {case: opened_person(row["person"]) for case, row in cases.items()} == deploy.door.acknowledged
    assert {row["state"] for row in cases.values()} == {"accepted"}
    assert {row["made_by"] for row in cases.values()} == {PRESENT, NEXT}
    events = await deploy.rows(
        "SELECT case_id, array_agg(version ORDER BY version) AS versions FROM banshi_case_event GROUP BY case_id"
    )
    assert {str(row["case_id"]): row["versions"] for row in events} == {case: [1, 2] for case in cases}
    promises = await deploy.rows("SELECT consumer, state, COUNT(*) AS n FROM banshi_outbox GROUP BY consumer, state")
    assert {(row["consumer"], row["state"]) for row in promises} == {
        ("intake", "done"),
        ("channel:mobile_push", "done"),
    }
    assert {row["n"] for row in promises if row["consumer"] == "intake"} == {len(cases)}
    messages = await deploy.rows("SELECT id, person, case_id FROM push_inbox_message")
    assert Counter(str(row["case_id"]) for row in messages) == Counter(cases.keys())
    sent = Counter((one.message["data"]["message_id"], one.token) for one in deploy.sandbox.received)
    assert sent == Counter((str(row["id"]), f"phone-{opened_person(row['person'])}") for row in messages)
