"""Of many workers one takes what a server hands over; nothing that Redis does to its words loses the work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from banshi.builtin.work_stream import stream as work_stream
from banshi.builtin.work_stream.stream import GROUP, WorkStream
from banshi.foundation.servers.redis_client import RedisSettings, client_of
from banshi.sdk.events import SIGNALS
from banshi.sdk.operations import ProcessRole
from banshi.testing import open_door
from tests.banshi.kernel.runtime.signals.test_redis import as_cluster, behind_sentinel, one_server
from tests.conftest import good_answers
from tests.places import TRAFFIC
from tests.servers import redis_servers
from tests.servers.redis_servers import Server
from tests.waiting import until

#: So long between two looks that a test never sees one.
NEVER = 3600.0


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RETRY_S": 0.05, "BLOCK_S": 0.1, "STALE_WORD_S": 0.4}.items():
        monkeypatch.setattr(f"banshi.builtin.work_stream.stream.{name}", value)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with redis_servers.alone(tmp_path) as server:
        yield server


@pytest.fixture
def url(redis: Server) -> str:
    return f"redis://127.0.0.1:{redis.port}"


class Process:
    """One that hands work over or, where it is to look, takes it."""

    def __init__(self, url: str, look: Callable[[Process], Any] | None = None, name: str = "city") -> None:
        self.looks = 0
        self.stream = WorkStream(RedisSettings(url=url, name=name))
        self._look = look
        work = self.stream.telling() if look is None else self.stream.taking(self._looked)
        self.task = asyncio.create_task(work)

    async def _looked(self) -> bool:
        self.looks += 1
        assert self._look is not None
        said = self._look(self)
        return bool(await said if asyncio.iscoroutine(said) else said)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.stream.aclose()


def done(_: Process) -> bool:
    return True


Begin = Callable[..., Process]


@pytest.fixture
async def begin() -> AsyncIterator[Begin]:
    begun: list[Process] = []

    def one_more(*given: Any, **more: Any) -> Process:
        begun.append(Process(*given, **more))
        return begun[-1]

    yield one_more
    for process in begun:
        await process.end()


async def left(url: str, name: str = "city") -> tuple[int, int]:
    """How many words are in the stream, and how many are in somebody's hand."""
    client: Any = client_of(url)
    try:
        pending = (await client.xpending(f"{name}:work", GROUP))["pending"]
        return await client.xlen(f"{name}:work"), pending
    finally:
        await client.aclose()


async def words(server: Process, workers: list[Process], count: int) -> None:
    """Hand over so many words, each once the one before is looked at."""
    for _ in range(count):
        before = sum(worker.looks for worker in workers)
        server.stream.tell()
        await until(lambda before=before: sum(worker.looks for worker in workers) > before)  # type: ignore[misc]


@pytest.mark.parametrize("servers", [one_server, behind_sentinel, as_cluster])
async def test_of_several_workers_one_looks_at_each_word_and_none_is_left(
    tmp_path: Path, begin: Begin, servers: Callable[[Path], AbstractContextManager[str]]
) -> None:
    with servers(tmp_path) as url:
        workers = [begin(url, done) for _ in range(4)]
        await words(begin(url), workers, 12)
        await asyncio.sleep(0.3)
        assert sum(worker.looks for worker in workers) == 12

        async def nothing_is_left() -> bool:
            return await left(url) == (0, 0)

        await until(nothing_is_left)


async def test_a_word_that_its_worker_dies_with_is_taken_over(begin: Begin, url: str) -> None:
    dying = begin(url, lambda _: asyncio.sleep(NEVER))
    told = time.monotonic()
    begin(url).stream.tell()
    await until(lambda: dying.looks == 1)
    dying.task.cancel()
    other = begin(url, done)
    await until(lambda: other.looks == 1)
    assert time.monotonic() - told > work_stream.STALE_WORD_S - 0.01, "it may be in good hands until then"
    await asyncio.sleep(0.6)
    assert other.looks == 1


@pytest.mark.parametrize("later_s", [0.0, 0.1, 0.2, 0.3])
async def test_a_word_is_left_to_others_by_who_is_too_busy_to_look(begin: Begin, later_s: float, url: str) -> None:
    busy = begin(url, lambda _: False)
    begin(url).stream.tell()
    await until(lambda: busy.looks == 1)
    await asyncio.sleep(later_s)  # both ask equally often: whose turn is first must not decide it for good
    other = begin(url, done)
    await until(lambda: other.looks == 1 or busy.looks > 2)
    assert other.looks == 1


async def test_a_redis_that_is_killed_flushed_and_begun_again_hands_over_again(
    redis: Server, begin: Begin, url: str
) -> None:
    server, worker = begin(url), begin(url, done)
    await words(server, [worker], 2)
    with capture_logs() as said:
        redis.kill()
        server.stream.tell()
        await until(lambda: len(said) >= 2)
        redis.begin()

        async def handed_over() -> bool:
            server.stream.tell()
            return worker.looks > 2

        await until(handed_over)
    assert {entry["event"] for entry in said} == {
        "no work stream; workers find what is to be done by looking",
        "the work stream is back",
    }


async def test_a_stream_that_nobody_takes_from_does_not_grow_for_good(
    redis: Server, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.builtin.work_stream.stream.MAX_STREAM_LENGTH", 100)
    monkeypatch.setattr("banshi.builtin.work_stream.stream.GATHER_S", 0.0)
    url = f"redis://127.0.0.1:{redis.port}"
    server = begin(url)
    client: Any = client_of(url)
    for _ in range(400):
        server.stream.tell()
        await asyncio.sleep(0.002)
    assert 0 < await client.xlen("city:work") <= 300
    await client.aclose()


async def test_deployments_on_one_redis_do_not_take_each_other_s_work(begin: Begin, url: str) -> None:
    city, town = begin(url, done), begin(url, done, name="town")
    await words(begin(url), [city], 3)
    assert (city.looks, town.looks) == (3, 0)


async def test_workers_that_were_killed_are_forgotten(
    redis: Server, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.builtin.work_stream.stream.STALE_CONSUMER_S", 1.0)
    url = f"redis://127.0.0.1:{redis.port}"
    client: Any = client_of(url)

    async def consumers() -> int:
        return len(await client.xinfo_consumers("city:work", GROUP))

    server = begin(url)
    for _ in range(3):
        # One after the other: of several any one would take the word.
        one = begin(url, done)
        await words(server, [one], 1)
        one.task.cancel()
    assert await consumers() == 3
    begin(url, done)

    async def one_is_left() -> bool:
        return await consumers() == 1

    await until(one_is_left)
    await client.aclose()


async def test_a_server_s_cases_are_handed_to_one_of_its_workers(
    tmp_path: Path, postgres: str, redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.foundation.database.pulse.INTERVAL_S", NEVER)
    url = f"redis://127.0.0.1:{redis.port}"
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    platform = {"database": postgres, "redis": {"url": url}}
    async with AsyncExitStack() as stack:
        server, *_ = [
            await stack.enter_async_context(open_door(tmp_path, plugins, platform=platform, duty=duty))
            for duty in (ProcessRole(lanes=frozenset()), ProcessRole(serves=False), ProcessRole(serves=False))
        ]
        await asyncio.wait_for(server.platform[SIGNALS].connected.wait(), 30)
        wang = server.citizen("wang")
        for number in range(1, 4):
            (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()

            async def told(number: int = number) -> bool:
                return len((await wang.get("/v1/inbox")).ok()["items"]) == number

            await until(told)
        assert [one["state"] for one in (await wang.get("/v1/cases")).ok()["items"]] == ["accepted"] * 3


async def test_a_worker_that_is_stopped_in_any_moment_stops(redis: Server, begin: Begin, url: str) -> None:
    """redis-py takes one cancellation in twenty for none, where it comes with an answer."""
    server = begin(url)
    for number in range(60):
        one = begin(url, done)
        await asyncio.sleep(number % 20 / 100)
        server.stream.tell()
        await asyncio.sleep(number % 7 / 500)
        one.task.cancel()
        await asyncio.wait({one.task}, timeout=10)
        assert one.task.cancelled(), f"the {number}th goes on"
