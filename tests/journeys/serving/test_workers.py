"""`banshi serve --workers`: several processes are one door, also while one of them is killed or stands still."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from banshi.testing import Person
from tests.conftest import good_answers
from tests.journeys.running import PATIENCE, PATIENT, command, configured, started
from tests.waiting import children_of, until

#: Messages that one phone marks as read.
MARKED = 5


def written(folder: Path, database: str) -> Path:
    return configured(folder, f'{PATIENT}database = "{database}"\ndevelopment = true')


async def up(url: str) -> dict[str, float]:
    """Which workers answer, as the metrics of whichever was asked say."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        lines = await answer.text()
    return {one[1]: float(one[2]) for one in re.finditer(r'banshi_worker_up{worker="(\d)"} (\S+)', lines)}


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_two_workers_are_one_door_also_while_one_is_killed(tmp_path: Path, postgres: str) -> None:
    folder = written(tmp_path, postgres)
    with started(folder, "serve", "--workers", "2", "--port", "0") as running:
        url = running.line()
        await until(lambda: everybody(url), PATIENCE)
        token = command(folder, "token", "wang", "--name", "王小明").stdout.strip()
        made = []
        for number in range(8):
            if number == 4:
                killed = children_of(running.process.pid)[-1]
                os.kill(killed, signal.SIGKILL)
            # A connection each: the system gives it to one worker or the other.
            async with aiohttp.ClientSession() as session:
                wang = Person(session, url, token)
                made.append(await insisting(wang, f"key-{number}"))
        await until(lambda: everybody(url), PATIENCE)
        async with aiohttp.ClientSession() as session:
            listed = (await Person(session, url, token).get("/v1/cases")).ok()["items"]
        assert {one["id"] for one in listed} == set(made)
        assert len(set(made)) == 8
        assert running.stop() == 0
        assert children_of(running.process.pid) == []


async def everybody(url: str) -> bool:
    return await up(url) == {"1": 1.0, "2": 1.0}


async def insisting(person: Person, key: str) -> str:
    """A submission that is sent again with its key until it is answered, as an app does."""
    answers = None
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                answers = answers or await good_answers(person)
                return str(
                    (await person.post("/v1/items/zone-pass/cases", {"answers": answers}, key=key)).created()["id"]
                )
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


def test_several_workers_on_sqlite_are_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = written(tmp_path, f"sqlite://{tmp_path / 'banshi.sqlite3'}")
    said = command(folder, "serve", "--workers", "2", "--port", "0")
    assert said.returncode == 1
    assert "name a PostgreSQL database in platform.database, or leave --workers out" in said.stderr


def test_workers_that_cannot_begin_say_why_once_and_end_the_command(tmp_path: Path) -> None:
    folder = written(tmp_path, "postgres://nobody@127.0.0.1:1/nowhere")
    said = command(folder, "serve", "--workers", "3", "--port", "0")
    assert said.returncode == 2
    assert said.stderr.count("platform: no-database") == 1


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_what_servers_promise_is_kept_by_whichever_worker_is_left(tmp_path: Path, postgres: str) -> None:
    folder = written(tmp_path, postgres)
    with started(folder, "serve", "--no-work", "--port", "0") as server:
        url = server.line()
        token = command(folder, "token", "wang", "--name", "王小明").stdout.strip()
        with started(folder, "worker", "--lanes", "case") as one, started(folder, "worker") as other:
            watched = [running.line(r"Banshi works on (\S+)") for running in (one, other)]
            assert [await status(f"{at}{path}") for at in watched for path in ("/readyz", "/v1/items")] == [
                200,
                404,
            ] * 2
            async with aiohttp.ClientSession() as session:
                wang = Person(session, url, token)
                made = {await insisting(wang, f"first-{number}") for number in range(4)}
                one.process.kill()
                made |= {await insisting(wang, f"second-{number}") for number in range(4)}

                async def accepted() -> bool:
                    listed = (await wang.get("/v1/cases")).ok()["items"]
                    return {case["id"] for case in listed if case["state"] == "accepted"} == made

                await until(accepted, PATIENCE)
            assert other.stop() == 0
        assert server.stop() == 0


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_two_phones_at_two_servers_show_the_same_read_state_within_a_second(
    tmp_path: Path, postgres: str
) -> None:
    folder = written(tmp_path, postgres)
    with started(folder, "serve", "--port", "0") as here, started(folder, "serve", "--port", "0") as there:
        urls = [server.line() for server in (here, there)]
        token = command(folder, "token", "wang", "--name", "王小明").stdout.strip()
        async with aiohttp.ClientSession() as session:
            phones = [Person(session, url, token) for url in urls]
            for number in range(MARKED):
                await insisting(phones[0], f"case-{number}")

            async def arrived() -> bool:
                return len((await phones[1].get("/v1/inbox")).ok()["items"]) >= MARKED

            await until(arrived, PATIENCE)
            page = (await phones[0].get("/v1/inbox")).ok()
            took = []
            async with changes_at(session, urls[0], token, page["cursor"]) as changes:
                for message in page["items"][:MARKED]:
                    (await phones[1].post("/v1/inbox/read", {"ids": [message["id"]]})).ok()
                    began = time.monotonic()
                    while (change := await anext(changes))["id"] != message["id"]:
                        pass
                    assert change["read_at"]
                    took.append(time.monotonic() - began)
        # The middle of them: a single one may have met other work of this machine.
        assert sorted(took)[MARKED // 2] < 1.0, took
        for phone_at in (here, there):
            assert phone_at.stop() == 0


@asynccontextmanager
async def changes_at(
    session: aiohttp.ClientSession, url: str, token: str, after: str
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The changes that a server's stream tells of, behind a place."""
    headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": after}
    async with session.get(f"{url}/v1/inbox/stream", headers=headers) as answer:
        assert answer.status == 200

        async def read() -> AsyncIterator[dict[str, Any]]:
            is_change = False
            async for line in answer.content:
                if line.startswith(b"event:"):
                    is_change = line.split()[1] == b"change"
                elif line.startswith(b"data:") and is_change:
                    yield json.loads(line[5:])

        yield read()


async def status(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


def test_part_of_the_work_is_refused_where_nobody_could_do_the_rest(tmp_path: Path) -> None:
    folder = written(tmp_path, "sqlite://data/banshi.sqlite3")
    for arguments in (["serve", "--no-work", "--port", "0"], ["worker"], ["worker", "--lanes", "alert"]):
        refused = command(folder, *arguments)
        assert refused.returncode == 1
        assert refused.stderr == (
            "Error: SQLite is one process's: name a PostgreSQL database in platform.database, "
            "or let one `banshi serve` do everything\n"
        )


@pytest.mark.parametrize("lanes", ["", "cases", "case,", "case;alert", "CASE", "案件"])
def test_a_lane_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path, lanes: str) -> None:
    refused = command(written(tmp_path, "sqlite://data/banshi.sqlite3"), "worker", "--lanes", lanes)
    assert refused.returncode == 1
    assert "name one or more of case, alert, notice, with commas between" in refused.stderr
    assert "Traceback" not in refused.stderr
