"""Processes on one PostgreSQL tell each other what is new, at once; and all goes on where they can't."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from banshi.builtin.passes.models import Counter
from banshi.foundation.database.writes import Write
from banshi.kernel.runtime.signals.carrier import Carrier
from banshi.kernel.runtime.signals.signals import Signals
from banshi.kernel.tables.outbox import OutboxRow
from banshi.sdk.events import SIGNALS
from banshi.testing import Door, open_door
from tests.harness.borrowed import END_ALL, connected
from tests.places import TRAFFIC
from tests.waiting import until

#: Seconds within which a signal has to be there; it takes thirty milliseconds where nothing else runs.
AT_ONCE = 2.0

#: The connection on which a process listens.
LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN%'"


@pytest.fixture
async def two(tmp_path: Path, postgres: str) -> AsyncIterator[tuple[Door, Door]]:
    """Two platforms on one database, each as in a process of its own."""
    async with AsyncExitStack() as stack:
        doors = [await stack.enter_async_context(opened(tmp_path, postgres)) for _ in range(2)]
        for door in doors:
            await asyncio.wait_for(door.platform[SIGNALS].connected.wait(), AT_ONCE)
        yield doors[0], doors[1]


def opened(folder: Path, database: str) -> Any:
    return open_door(folder, {"traffic": TRAFFIC}, platform={"database": database})


def row(name: str) -> OutboxRow:
    return OutboxRow(consumer="test", topic="test", payload={}, dedup=name)


async def test_what_one_process_writes_wakes_whoever_waits_for_it_in_the_other_once(two: tuple[Door, Door]) -> None:
    here, there = two
    told: dict[str, list[set[str]]] = {"here": [], "there": []}
    for name, door in zip(told, two, strict=True):
        tell = told[name].append
        door.platform.store.on_commit(lambda models, tell=tell: tell({one.__name__ for one in models}))
    await here.platform.store.commit(Write(rows=[row("one")]))
    await until(lambda: told["there"], AT_ONCE)
    await asyncio.sleep(0.1)
    assert told == {"here": [{"OutboxRow"}], "there": [{"OutboxRow"}]}
    await there.platform.store.commit(Write(rows=[Counter(name="x", value=1)]))
    await until(lambda: told["here"][1:], AT_ONCE)
    assert told["here"][1] == {"Counter"}


async def test_a_process_hears_nothing_of_what_it_sends_itself(two: tuple[Door, Door]) -> None:
    heard: list[frozenset[str]] = []
    for door in two:
        door.platform[SIGNALS].on("test", heard.append)
    two[0].platform[SIGNALS].send("test", ["a", "b", "a"])
    two[0].platform[SIGNALS].send("test", ["c"])
    await until(lambda: heard, AT_ONCE)
    await asyncio.sleep(0.1)
    assert heard == [{"a", "b", "c"}]


async def test_deployments_that_share_a_database_hear_nothing_of_each_other(
    tmp_path: Path, postgres: str, empty_postgres: str
) -> None:
    heard: list[frozenset[str]] = []
    async with opened(tmp_path / "a", postgres) as one, opened(tmp_path / "b", empty_postgres) as other:
        for door in (one, other):
            await asyncio.wait_for(door.platform[SIGNALS].connected.wait(), AT_ONCE)
        other.platform[SIGNALS].on("test", heard.append)
        one.platform[SIGNALS].send("test", ["a"])
        await asyncio.sleep(0.3)
    assert not heard


async def test_a_connection_that_breaks_is_made_anew_and_who_may_have_missed_something_is_told(
    two: tuple[Door, Door], postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.kernel.runtime.signals.signals.RECONNECT_PAUSE_S", 0.05)
    here, there = two
    heard: list[frozenset[str]] = []
    missed: list[None] = []
    there.platform[SIGNALS].on("test", heard.append, missed=lambda: missed.append(None))
    async with connected(postgres.partition("?")[0]) as connection:
        name = postgres.rpartition("application_name=")[2]
        assert await connection.fetchval(LISTENING, name) == 2
        await connection.execute(END_ALL, name)
        await until(lambda: not there.platform[SIGNALS].connected.is_set(), 15)
        await until(lambda: missed, AT_ONCE)
        await asyncio.wait_for(here.platform[SIGNALS].connected.wait(), 15)
    here.platform[SIGNALS].send("test", ["again"])
    await until(lambda: heard, AT_ONCE)
    assert len(missed) == 1


async def test_what_could_not_be_sent_is_sent_once_the_connection_is_back(
    two: tuple[Door, Door], postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others' connections were there all the time: nothing tells them that they missed something."""
    monkeypatch.setattr("banshi.kernel.runtime.signals.signals.RECONNECT_PAUSE_S", 0.3)
    here, there = two
    heard: dict[str, list[frozenset[str]]] = {"one": [], "two": []}
    for topic, told in heard.items():
        there.platform[SIGNALS].on(topic, told.append)
    here.platform[SIGNALS]._carrier._connection.terminate()  # type: ignore[attr-defined]
    for topic in heard:
        here.platform[SIGNALS].send(topic, ["kept"])
    await until(lambda: all(heard.values()), 15)
    assert {word for told in heard.values() for words in told for word in words} == {"kept"}


@pytest.mark.parametrize("more", ["&timeout=10", "&max_queries=100", "&max_inactive_connection_lifetime=5"])
async def test_what_an_address_says_of_the_pool_leaves_the_signals_alone(
    tmp_path: Path, postgres: str, more: str
) -> None:
    async with opened(tmp_path, postgres + more) as door:
        await asyncio.wait_for(door.platform[SIGNALS].connected.wait(), AT_ONCE)


async def test_whatever_else_comes_over_the_channel_and_whoever_fails_stops_no_signal(
    two: tuple[Door, Door], postgres: str
) -> None:
    here, there = two
    heard: list[frozenset[str]] = []

    def fails(_: Iterable[str]) -> None:
        raise RuntimeError

    there.platform[SIGNALS].on("test", fails)
    there.platform[SIGNALS].on("test", heard.append)
    carrier: Any = there.platform[SIGNALS]._carrier
    async with connected(postgres.partition("?")[0]) as connection:
        for text in ("", "no JSON", "7", "[]", '["x"]', '["x", "test", 7, {}]', '[["x"], ["y"]]', "[" * 2000):
            await connection.execute("SELECT pg_notify($1, $2)", carrier._channel, text)
    here.platform[SIGNALS].send("test", ["good"])
    await until(lambda: {"good"} in heard, AT_ONCE)


async def test_alone_nothing_is_kept_to_be_sent(door: Door) -> None:
    signals = Signals(Carrier())
    signals.send("test", ["a"])
    assert not signals._waiting["test"]
    await asyncio.wait_for(signals.listen(), 1)
    if door.platform.store.dialect == "sqlite":
        assert not door.platform[SIGNALS].connected.is_set()


class Small(Carrier):
    longest = 200

    async def listen(self, heard: Callable[[str], None], connected: Callable[[], None]) -> None:
        """Nobody is there."""

    async def send(self, text: str) -> None:
        """Nobody hears it."""


@given(st.sets(st.text(max_size=20), min_size=1, max_size=60))
def test_many_words_are_as_many_messages_as_they_need_and_none_is_too_long(words: set[str]) -> None:
    texts = list(Signals(Small())._texts("test", words))
    assert all(len(text.encode()) <= Small.longest for text in texts)
    read = [orjson.loads(text) for text in texts]
    assert sorted(word for _, topic, *said in read for word in said) == sorted(words)
    assert {topic for _, topic, *_ in read} == {"test"}


async def test_what_is_never_sent_takes_no_more_memory_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banshi.kernel.runtime.signals.signals.MAX_WAITING_WORDS", 10)
    signals = Signals(Small())
    for number in range(100):
        signals.send("test", [str(number)])
    assert len(signals._waiting["test"]) == 10
