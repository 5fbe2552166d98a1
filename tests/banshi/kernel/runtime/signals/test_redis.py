"""Signals go over Redis where there is one, alone, behind Sentinels or as a Cluster; and its absence costs a moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from banshi.foundation.database.writes import Write
from banshi.foundation.servers.redis_client import RedisSettings, client_of, hosts_of
from banshi.kernel.runtime.signals.redis import RedisCarrier
from banshi.kernel.runtime.signals.signals import Signals
from banshi.kernel.tables.outbox import OutboxRow
from banshi.sdk.events import SIGNALS
from banshi.testing import open_door
from tests.places import TRAFFIC
from tests.servers import redis_servers
from tests.servers.redis_servers import Server
from tests.waiting import until

#: Longest time in seconds that anything here takes; a busy machine is no failure.
PATIENCE = 30.0


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banshi.kernel.runtime.signals.signals.RECONNECT_PAUSE_S", 0.05)


class Process:
    """The signals of a process: what it heard, and how often it may have missed something."""

    def __init__(self, url: str, name: str = "city") -> None:
        self.signals = Signals(RedisCarrier(url, name))
        self.heard: list[set[str]] = []
        self.missed = 0
        self.signals.on("test", lambda words: self.heard.append(set(words)), missed=self._miss)
        self._tasks = [asyncio.create_task(work()) for work in (self.signals.listen, self.signals.tell)]

    def _miss(self) -> None:
        self.missed += 1

    async def connected(self) -> Process:
        await asyncio.wait_for(self.signals.connected.wait(), PATIENCE)
        return self

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def heard_by(other: Process, one: Process) -> bool:
    """Whether what one says reaches the other; said again until it does, as the next change would."""
    before = len(other.heard)
    for number in range(int(PATIENCE / 0.1)):
        one.signals.send("test", [str(number)])
        await asyncio.sleep(0.1)
        if len(other.heard) > before:
            return True
    return False


@contextmanager
def one_server(folder: Path) -> Iterator[str]:
    with redis_servers.alone(folder) as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@contextmanager
def behind_sentinel(folder: Path) -> Iterator[str]:
    with redis_servers.sentinel(folder) as (_, _, watcher):
        yield f"redis+sentinel://127.0.0.1:{watcher.port}/city"


@contextmanager
def as_cluster(folder: Path) -> Iterator[str]:
    with redis_servers.cluster(folder) as servers:
        yield "redis+cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in servers)


@pytest.mark.parametrize("servers", [one_server, behind_sentinel, as_cluster])
async def test_what_one_process_says_the_others_of_its_deployment_hear_and_nobody_else(
    tmp_path: Path, servers: Callable[[Path], Any]
) -> None:
    with servers(tmp_path) as url:
        one, other, stranger = [await Process(url, name).connected() for name in ("city", "city", "town")]
        one.signals.send("test", ["a", "b"])
        await until(lambda: other.heard)
        await asyncio.sleep(0.1)
        assert (one.heard, other.heard, stranger.heard) == ([], [{"a", "b"}], [])
        for process in (one, other, stranger):
            await process.end()


async def test_a_redis_that_is_killed_flushed_and_begun_again_carries_on_and_who_missed_something_is_told(
    tmp_path: Path,
) -> None:
    with redis_servers.alone(tmp_path) as server:
        url = f"redis://127.0.0.1:{server.port}/0"
        one, other = [await Process(url).connected() for _ in range(2)]
        for _ in range(2):
            server.kill()
            await until(lambda: not (one.signals.connected.is_set() or other.signals.connected.is_set()))
            server.begin()
            await one.connected()
            await other.connected()
            assert await heard_by(other, one)
        assert (one.missed, other.missed) == (2, 2)
        await one.end()
        await other.end()


async def test_a_redis_that_stands_still_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its connection is open, and says nothing."""
    monkeypatch.setattr("banshi.kernel.runtime.signals.redis.KEEPALIVE_INTERVAL_S", 0.2)
    with redis_servers.alone(tmp_path) as server:
        process = await Process(f"redis://127.0.0.1:{server.port}/0").connected()
        await asyncio.sleep(1.0)
        assert process.missed == 0, "a quiet one is no silent one"
        assert server.process is not None
        server.process.send_signal(19)  # SIGSTOP
        try:
            await until(lambda: not process.signals.connected.is_set())
        finally:
            server.process.send_signal(18)  # SIGCONT
        await process.connected()
        assert process.missed == 1
        await process.end()


async def test_another_master_takes_over_behind_a_sentinel(tmp_path: Path) -> None:
    with redis_servers.sentinel(tmp_path) as (master, replica, watcher):
        url = f"redis+sentinel://127.0.0.1:{watcher.port}/city"
        one, other = [await Process(url).connected() for _ in range(2)]
        assert await heard_by(other, one)
        await known(watcher, replica)
        master.kill()
        assert await heard_by(other, one)
        assert other.missed
        await one.end()
        await other.end()


async def known(watcher: Server, replica: Server) -> None:
    """The Sentinel has found the replica, which it asks the master for now and then."""
    from redis.asyncio import Redis

    async with Redis(port=watcher.port) as client:
        deadline = time.monotonic() + PATIENCE
        while True:
            told = await client.execute_command("SENTINEL", "REPLICAS", "city")
            if any(str(replica.port) in str(one) for one in told):
                return
            assert time.monotonic() < deadline, "not in time"
            await asyncio.sleep(0.1)


async def test_a_platform_serves_and_wakes_itself_with_no_redis_at_its_address(tmp_path: Path) -> None:
    nobody = f"redis://127.0.0.1:{redis_servers.free_port()}/0"
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC}
    async with open_door(tmp_path, plugins, platform={"redis": {"url": nobody}}) as door:
        (await door.anyone.get("/v1/items")).ok()
        told: list[Any] = []
        door.platform.store.on_commit(told.append)
        await door.platform.store.commit(Write(rows=[OutboxRow(consumer="x", topic="x", payload={}, dedup="x")]))
        assert told
        assert not door.platform[SIGNALS].connected.is_set()


async def test_a_redis_that_refuses_is_logged_with_what_it_says(tmp_path: Path) -> None:
    with redis_servers.alone(tmp_path / "redis") as server, capture_logs() as said:
        url = f"redis://127.0.0.1:{server.port}/0"
        client: Any = client_of(url)
        await client.config_set("requirepass", "synthetic")
        await client.aclose()
        plugins: dict[str, Path | str] = {"traffic": TRAFFIC}
        async with open_door(tmp_path, plugins, platform={"redis": {"url": url}}):
            await until(lambda: any(entry["event"].startswith("no signals") for entry in said))
    why = [entry["why"] for entry in said if entry["event"].startswith("no signals")]
    # Each release has words of its own for it.
    assert "uthenticat" in why[0]


async def test_two_platforms_wake_each_other_over_redis(tmp_path: Path, postgres: str) -> None:
    with redis_servers.alone(tmp_path) as server:
        plugins: dict[str, Path | str] = {"traffic": TRAFFIC}
        platform = {"database": postgres, "redis": {"url": f"redis://127.0.0.1:{server.port}/0", "name": "city"}}
        async with (
            open_door(tmp_path, plugins, platform=platform) as one,
            open_door(tmp_path, plugins, platform=platform) as other,
        ):
            for door in (one, other):
                await asyncio.wait_for(door.platform[SIGNALS].connected.wait(), PATIENCE)
            told: list[Any] = []
            other.platform.store.on_commit(told.append)
            other.platform.store.on_commit(told.append, elsewhere=False)
            await one.platform.store.commit(Write(rows=[OutboxRow(consumer="x", topic="x", payload={}, dedup="x")]))
            await until(lambda: told)
            await asyncio.sleep(0.1)
            assert told == [frozenset({OutboxRow})], "once, with what was written, and only who asked for others' too"


# -- the address -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "has to begin with"),
        ("localhost:6379", "has to begin with"),
        ("http://localhost:6379", "has to begin with"),
        ("redis:///0", "lacks the host"),
        ("unix://", "lacks the path"),
        ("redis://a/0?foo=bar", "means nothing"),
        ("redis+cluster://a/1", "hosts alone"),
        ("redis+cluster://a?ssl_ca_certs=x", "hosts alone"),
        ("redis+sentinel://a:26379", "lacks the master's name"),
        ("redis+sentinel://a:26379/", "lacks the master's name"),
        ("redis+sentinel://a:26379/city/x", "lacks the master's name"),
        ("redis+sentinel://a:26379/city?x=1", "parameters that mean nothing: x"),
        ("redis+sentinel:///city", "host:port"),
        ("redis+cluster://a:0", "host:port"),
        ("redis+cluster://a:99999", "host:port"),
        ("redis+cluster://a,,b", "host:port"),
        ("redis+cluster://secret@a b", "host:port"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_with_how_one_looks(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        RedisSettings(url=url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://cache.example:6379/0",
        "rediss://user:password@cache.example/1",
        "unix:///run/redis/redis.sock",
        "redis+sentinel://a:26379,b,[::1]:26380/city/3?sentinel_password=x",
        "rediss+cluster://user:p%40ss@a:1,b:65535",
    ],
)
def test_every_form_of_an_address_is_taken(url: str) -> None:
    assert RedisSettings(url=url).url == url


def test_hosts_are_read_with_their_ports() -> None:
    assert hosts_of("redis+cluster://u:p@a:1,b,[::1]:2") == [("a", 1), ("b", None), ("::1", 2)]


@pytest.mark.parametrize("name", ["", "a b", "a:b", "x" * 33, "市"])
def test_a_name_that_can_be_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name has to be"):
        RedisSettings(url="redis://a", name=name)
