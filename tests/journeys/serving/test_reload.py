"""SIGHUP has `banshi serve --workers` begin anew on the configuration as it is then, and nobody at the door notices."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from tests.journeys.running import Running, started
from tests.journeys.serving.test_workers import everybody, written
from tests.waiting import children_of, until

#: Longest time in seconds that two workers may take to begin, and those before them to end.
PATIENCE = 90.0

#: Only with mobile_push is there an inbox.
WITH, WITHOUT = 401, 404


@dataclass
class Crowd:
    """People of whom each comes by a connection of their own."""

    url: str
    answered: int = 0
    refused: list[str] = field(default_factory=list)

    async def come(self) -> None:
        while True:
            try:
                if await self.status("/v1/items/zone-pass") != 200:
                    self.refused.append("not 200")
            except (aiohttp.ClientError, OSError) as error:
                self.refused.append(repr(error))
            self.answered += 1
            # A server that does nothing else proves no more.
            await asyncio.sleep(0.01)

    async def status(self, path: str) -> int:
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session, session.get(self.url + path) as answer:
            await answer.read()
            return answer.status


@contextmanager
def city(folder: Path, database: str) -> Iterator[Running]:
    written(folder, database)
    with (
        (folder / "log").open("ab") as log,
        started(folder, "serve", "--workers", "2", "--port", "0", stderr=log) as running,
    ):
        yield running


@asynccontextmanager
async def crowd(url: str) -> AsyncIterator[Crowd]:
    """A crowd that comes while the block runs, and is never refused."""
    people = Crowd(url)
    coming = [asyncio.create_task(people.come()) for _ in range(4)]
    try:
        yield people
    finally:
        for one in coming:
            one.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
    assert people.answered > 100
    assert people.refused == []


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_changed_configuration_is_taken_without_a_refused_connection_and_a_broken_one_is_not(
    tmp_path: Path, postgres: str
) -> None:
    with city(tmp_path, postgres) as running:
        url, supervisor = running.line(), running.process.pid
        await until(lambda: everybody(url), PATIENCE)
        first = set(children_of(supervisor))
        file = tmp_path / "plugins.toml"
        good = file.read_text(encoding="utf-8")
        async with crowd(url) as people:
            assert await people.status("/v1/inbox") == WITH

            # What can't be read.
            file.write_text(good + "\n[plugins.traffic\n", encoding="utf-8")
            os.kill(supervisor, signal.SIGHUP)
            await until(lambda: "the workers that serve stay" in (tmp_path / "log").read_text(), PATIENCE)
            assert "plugins.toml" in (tmp_path / "log").read_text()
            assert set(children_of(supervisor)) == first

            # What is changed; a second signal while the first one is at work.
            file.write_text(good.partition("[plugins.mobile_push]")[0], encoding="utf-8")
            for _ in range(2):
                os.kill(supervisor, signal.SIGHUP)

            async def renewed() -> bool:
                present = set(children_of(supervisor))
                return len(present) == 2 and not present & first and await everybody(url)

            await until(renewed, PATIENCE)
            assert [await people.status("/v1/inbox") for _ in range(8)] == [WITHOUT] * 8
        assert running.stop() == 0
        assert children_of(supervisor) == []


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_sigterm_while_new_workers_begin_ends_old_and_new(tmp_path: Path, postgres: str) -> None:
    with city(tmp_path, postgres) as running:
        url, supervisor = running.line(), running.process.pid
        await until(lambda: everybody(url), PATIENCE)
        os.kill(supervisor, signal.SIGHUP)
        await until(lambda: len(children_of(supervisor)) == 3, PATIENCE)
        assert await asyncio.to_thread(running.stop) == 0
        assert children_of(supervisor) == []
