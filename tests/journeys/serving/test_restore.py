"""Backup and restore as an operator walks them, on both databases, with real servers: nothing of a restored database
goes out before somebody has looked, then exactly what they chose, and no phone misses what comes next."""

from __future__ import annotations

import asyncio
import json
import shutil
import stat
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from banshi.testing import Person
from mobile_push.inbox.messages import RESTORE_GAP
from mobile_push.sandbox import FcmSandbox
from tests.conftest import SERVER, _administer, good_answers
from tests.journeys.running import PATIENT, configured, ran, serving, somebody, with_phones
from tests.waiting import until


@pytest.fixture
def databases(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Lines of two configurations that name empty databases of their own."""
    if request.param == "sqlite":
        yield ["", ""]
        return
    request.getfixturevalue("postgres_server")
    if not all(map(shutil.which, ("pg_dump", "pg_restore", "psql"))):
        pytest.skip("PostgreSQL's client programs are not installed")
    names = [f"banshi_test_{uuid.uuid4().hex}" for _ in range(2)]
    for name in names:
        asyncio.run(_administer(f"CREATE DATABASE {name}"))
    base = SERVER.replace("postgresql:", "postgres:").rpartition("/")[0]
    # The one names its schema and the other, restored from it, has to as well.
    yield [f'database = "{base}/{name}?schema=city"' for name in names]
    for name in names:
        asyncio.run(_administer(f"DROP DATABASE {name} WITH (FORCE)"))


both = pytest.mark.parametrize("databases", ["sqlite", "postgres"], indirect=True)


def written(folder: Path, database: str, sandbox: FcmSandbox) -> Path:
    folder.mkdir()
    if "schema=" in database:
        name = database.rpartition("/")[2].partition("?")[0]
        subprocess.run(
            ["psql", "-q", SERVER.rpartition("/")[0] + f"/{name}", "-c", "CREATE SCHEMA city"], check=True, timeout=30
        )
    return configured(folder, PATIENT + database, with_phones(folder, sandbox))


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Callable[[str], Person]]:
    """`person("wang")`: somebody at the door of a server in that folder."""
    async with serving(folder) as url, aiohttp.ClientSession() as session:
        # The key that the server knows has to be there.
        assert (folder / "data" / "keys" / "development-token.pem").exists()
        yield partial(somebody, folder, session, url)


async def submit(person: Person) -> str:
    answers = await good_answers(person)
    return str((await person.post("/v1/items/zone-pass/cases", {"answers": answers})).created()["id"])


async def registered(person: Person, token: str) -> None:
    (await person.post("/v1/devices", {"provider": "fcm", "token": token, "platform": "android"})).created()


async def cursor_of(person: Person) -> tuple[str, list[int]]:
    items = (await person.get("/v1/inbox?limit=200")).ok()["items"]
    return items[-1]["cursor"], [item["seq"] for item in items]


def arrived(sandbox: FcmSandbox, token: str) -> int:
    return sum(one.token == token for one in sandbox.received)


@both
@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_restored_platform_sends_nothing_until_it_is_released_and_then_what_was_chosen(
    tmp_path: Path, databases: list[str]
) -> None:
    async with FcmSandbox() as sandbox:
        old, new = (written(tmp_path / name, line, sandbox) for name, line in zip(("a", "b"), databases, strict=True))
        backup = tmp_path / "backup"
        async with served(old) as person:
            wang, li, zhao = [person(name) for name in ("wang", "li", "zhao")]
            await registered(wang, "phone-wang")
            await registered(li, "phone-li")
            await submit(wang)
            await until(lambda: arrived(sandbox, "phone-wang"))
            # What waits in the backup: li's push, which goes out only afterwards.
            sandbox.behaviour.faults["phone-li"] = "UNAVAILABLE"
            first = await submit(li)
            await until(lambda: sandbox.answers["UNAVAILABLE"])
            done = asyncio.Event()
            meanwhile = asyncio.create_task(busily(zhao, done))
            await ran(old, "backup", str(backup))
            done.set()
            assert await meanwhile
            at = datetime.now(UTC).isoformat()
            sandbox.behaviour.faults.clear()
            await until(lambda: arrived(sandbox, "phone-li"))
            lost = await submit(wang)
            await until(lambda: arrived(sandbox, "phone-wang") >= 2)
            cursor, numbers = await cursor_of(wang)
            assert max(numbers) < RESTORE_GAP
        sent = len(sandbox.received)

        assert "nothing goes out yet" in (await ran(new, "restore", str(backup))).stdout
        same_secrets(old, new)
        async with served(new) as person:
            wang, li = [person(name) for name in ("wang", "li")]
            assert (await li.get(f"/v1/cases/{first}")).status == 200
            assert (await wang.get(f"/v1/cases/{lost}")).status == 404
            later = await submit(wang)
            await held(wang)
            await observed(lambda: len(sandbox.received) == sent)
            waits = [json.loads(line) for line in (await ran(new, "outbox", "list", "--json")).stdout.splitlines()]
            assert {one["consumer"] for one in waits} >= {"intake"}
            assert all(one["held"] for one in waits)
            chosen = ["--drop-before", at, "--of", "mobile_push:deliveries"]
            released = await ran(new, "outbox", "release", "--yes", *chosen)
            assert "mobile_push:deliveries: 1 given up" in released.stdout
            await until(lambda: arrived(sandbox, "phone-wang") >= 3)
            # A phone that had read further than the backup goes on reading where it was.
            behind = (await wang.get(f"/v1/inbox?after={cursor}")).ok()["items"]
            assert {item["link"].rpartition("/")[2] for item in behind} == {later}
            assert min(item["seq"] for item in behind) > RESTORE_GAP
            text = (await wang.get("/metrics")).body.decode()
            assert "banshi_outbox_held 0" in text
        assert arrived(sandbox, "phone-li") == 1, "given up: it was sent before the restore"


async def busily(person: Person, done: asyncio.Event) -> int:
    """Submissions one after the other until somebody says that it is enough."""
    count = 0
    while not done.is_set():
        await submit(person)
        count += 1
        await asyncio.sleep(0.02)
    return count


async def held(person: Person) -> None:
    """Wait until the server says that nothing goes out, in both places."""

    async def is_held() -> Any:
        return (await person.get("/readyz")).ok() == {"status": "ready", "outbox": "held"}

    await until(is_held)
    assert "banshi_outbox_held 1" in (await person.get("/metrics")).body.decode()


async def observed(holds: Any) -> None:
    """It holds for as long as three rounds of everybody who sends take."""
    ends = time.monotonic() + 3.0
    while time.monotonic() < ends:
        assert holds()
        await asyncio.sleep(0.05)


def same_secrets(old: Path, new: Path) -> None:
    """The keys are there, as private as they were, and so are the files."""
    keys = sorted(file.name for file in (old / "data" / "keys").iterdir())
    assert keys == sorted(file.name for file in (new / "data" / "keys").iterdir())
    for name in keys:
        one, other = old / "data" / "keys" / name, new / "data" / "keys" / name
        assert one.read_bytes() == other.read_bytes()
        assert stat.S_IMODE(one.stat().st_mode) == stat.S_IMODE(other.stat().st_mode) == 0o600
    assert stat.S_IMODE((new / "data" / "keys").stat().st_mode) == 0o700
    there = {file.name for file in (new / "data" / "attachments").iterdir()}
    assert len(there) >= 4
    assert there <= {file.name for file in (old / "data" / "attachments").iterdir()}
