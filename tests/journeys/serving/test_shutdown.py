"""SIGTERM: what is under way comes to its end, streams close properly, and the process ends with 0. A start beside
another server of the same folder: what is under way there stays."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from banshi.testing import TINY_PNG, Person, Reply
from tests.journeys.running import begun, somebody, whole_city
from tests.processes import commands
from tests.waiting import until

#: Seconds that the server may take to end after SIGTERM: less than it gives to requests under way.
STOP = 7.5

#: What is made beforehand, what is made for each request, and a refusal.
KEPT_READS = ("/v1/items", "/v1/inbox", "/v1/items/none")


@dataclass
class Server:
    """`banshi serve` as its own process."""

    process: commands.Process
    url: str
    folder: Path
    session: aiohttp.ClientSession

    @property
    def attachments(self) -> Path:
        return self.folder / "data" / "attachments"

    def citizen(self, name: str) -> Person:
        return somebody(self.folder, self.session, self.url, name)

    async def stopped(self) -> None:
        """It ends with 0, in less time than it gives to requests under way."""
        begun = time.monotonic()
        assert await self.process.ended(30) == 0
        assert time.monotonic() - begun < STOP


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return whole_city(tmp_path, 'log_level = "warning"')


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Server]:
    process, url = await begun(folder)
    try:
        async with aiohttp.ClientSession() as session:
            yield Server(process, url, folder, session)
    finally:
        process.close()


async def test_streams_and_idle_connections_end_and_the_status_is_zero(folder: Path) -> None:
    async with serving(folder) as server:
        people = [server.citizen(f"citizen-{number}") for number in range(20)]
        ended: list[float] = []

        async def follow(person: Person, ready: asyncio.Event) -> None:
            headers = {"Authorization": f"Bearer {person.token}"}
            async with server.session.get(f"{server.url}/v1/inbox/stream", headers=headers) as response:
                assert response.status == 200
                assert (await response.content.readline()).startswith(b"retry: ")
                ready.set()
                await response.content.read()  # raises unless the stream comes to its proper end
            ended.append(time.monotonic())

        events = [asyncio.Event() for _ in people]
        tasks = [asyncio.create_task(follow(*pair)) for pair in zip(people, events, strict=True)]
        await asyncio.gather(*(event.wait() for event in events))
        (await people[0].get("/v1/inbox")).ok()  # its connection stays open, idle
        started = time.monotonic()
        server.process.terminate()
        await server.stopped()
        await asyncio.gather(*tasks)
        assert max(ended) - started < 2.0


def uploading(person: Person, came: asyncio.Event, go_on: asyncio.Event) -> asyncio.Task[Reply]:
    """A file whose end comes when it may go on; until then a byte every 2 s, since nobody waits long for the next."""

    async def slowly() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="p.png"\r\n\r\n' + TINY_PNG
        came.set()
        while not go_on.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(go_on.wait(), 2)
            if not go_on.is_set():
                yield b"."
        yield b"the end\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    return asyncio.create_task(person.call("POST", "/v1/attachments", data=slowly(), headers=headers))


def is_whole(content: bytes) -> bool:
    return content.startswith(TINY_PNG) and content.removeprefix(TINY_PNG).lstrip(b".") == b"the end"


@pytest.mark.long
async def test_a_second_server_on_the_folder_leaves_the_first_one_s_uploads_and_clears_what_a_killed_one_left(
    folder: Path,
) -> None:
    async with serving(folder) as first:
        uploads, parts, go_on = [], first.attachments, asyncio.Event()
        for number in range(3):
            came = asyncio.Event()
            uploads.append(uploading(first.citizen(f"citizen-{number}"), came, go_on))
            await came.wait()
        await until(lambda: len(list(parts.glob("*.part"))) == 3)
        (parts / "left.part").write_bytes(b"half")
        async with serving(folder) as second:
            assert not (parts / "left.part").exists()
            assert len(list(parts.glob("*.part"))) == 3
            came = asyncio.Event()
            uploads.append(uploading(second.citizen("wang"), came, go_on))
            await came.wait()
            await until(lambda: len(list(parts.glob("*.part"))) == 4)
            async with serving(folder):
                go_on.set()
                stored = [(await upload).created() for upload in uploads]
            for one in stored:
                assert is_whole((parts / one["id"]).read_bytes())
            uploading(second.citizen("wang"), asyncio.Event(), asyncio.Event())
            await until(lambda: list(parts.glob("*.part")))
            second.process.kill()
            await second.process.ended()
        async with serving(folder):
            assert not list(parts.glob("*.part"))


async def test_a_request_that_is_under_way_is_finished_and_a_new_one_is_refused(folder: Path) -> None:
    async with serving(folder) as server:
        came, go_on = asyncio.Event(), asyncio.Event()
        upload = uploading(server.citizen("wang"), came, go_on)
        await came.wait()
        await asyncio.sleep(0.3)
        server.process.terminate()
        address = urlsplit(server.url)

        async def is_refused() -> bool:
            try:
                _, writer = await asyncio.open_connection(address.hostname, address.port)
            except OSError:
                return True
            writer.close()
            return False

        await until(is_refused)
        assert not upload.done()
        go_on.set()
        stored = (await upload).created()
        await server.stopped()
        assert is_whole((server.attachments / stored["id"]).read_bytes())


async def test_no_kept_connection_loses_a_request_each_hears_in_its_last_answer_that_it_ends(folder: Path) -> None:
    async with serving(folder) as server:
        address, busy = urlsplit(server.url), asyncio.Event()
        token = server.citizen("wang").token
        heads = [f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n" for path in KEPT_READS]

        async def ask_on(number: int) -> int:
            """Ask on one connection until an answer says that it ends; how many were answered."""
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            head, count = heads[number % len(heads)].encode(), 0
            with contextlib.closing(writer):
                while True:
                    writer.write(head)
                    answer = (await reader.readuntil(b"\r\n\r\n")).lower()  # raises where there is none
                    length = next(line for line in answer.split(b"\r\n") if line.startswith(b"content-length:"))
                    await reader.readexactly(int(length.partition(b":")[2]))
                    count += 1
                    if count == 5:
                        busy.set()
                    if b"connection: close" in answer:
                        return count

        tasks = [asyncio.create_task(ask_on(number)) for number in range(24)]
        await busy.wait()
        server.process.terminate()
        assert min(await asyncio.gather(*tasks)) >= 1
        assert await server.process.ended() == 0


async def test_everything_that_was_answered_in_the_last_moment_is_stored(folder: Path) -> None:
    async with serving(folder) as server:
        answered: list[str] = []
        some = asyncio.Event()

        async def register(number: int) -> None:
            person = server.citizen(f"citizen-{number % 8}")
            token = f"installation-{number:05}"
            document: dict[str, Any] = {"provider": "stream", "token": token, "platform": "ios"}
            with contextlib.suppress(aiohttp.ClientError):
                reply = await person.post("/v1/devices", document)
                if reply.status == 201:
                    answered.append(reply.document["id"])
                    if len(answered) == 10:
                        some.set()
                else:
                    assert reply.status in {409, 503}, reply

        tasks = [asyncio.create_task(register(number)) for number in range(120)]
        await some.wait()
        server.process.terminate()
        await asyncio.gather(*tasks)
        await server.stopped()
    with contextlib.closing(sqlite3.connect(folder / "data" / "banshi.sqlite3")) as connection:
        stored = {row[0] for row in connection.execute("SELECT id FROM push_device")}
        assert set(answered) <= stored
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_a_start_that_is_ended_by_sigterm_at_any_moment_harms_no_later_one(folder: Path) -> None:
    # While it reads its plugins, while it makes its tables, while it begins to listen.
    for after in (0.1, 0.25, 0.4, 0.6):
        process = commands.begin(folder, "serve", "--port", "0")
        await asyncio.sleep(after)
        process.terminate()
        assert await process.ended(STOP) in {0, -signal.SIGTERM}
        process.close()
    async with serving(folder) as server:
        assert (await server.citizen("wang").get("/readyz")).ok() == {"status": "ready"}
        server.process.terminate()
        assert await server.process.ended() == 0


def test_a_server_that_waits_for_something_that_never_comes_ends_all_the_same() -> None:
    """A database that is there and says nothing; whoever comes to the end in time is left alone."""
    waiting = (
        "import time; from banshi.ops.cli.server.serve import end_within; end = end_within(0.3); {then}time.sleep(1.5)"
    )
    for then, status in (("", 1), ("end.cancel(); ", 0)):
        done = subprocess.run([sys.executable, "-c", waiting.format(then=then)], timeout=60, check=False)
        assert done.returncode == status
