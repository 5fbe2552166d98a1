"""One look a second asks for all who wait: who is wrong or slow spoils it for nobody, and nothing comes late by it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import orjson
import pytest
from structlog.testing import capture_logs

from banshi.foundation.database import pulse
from banshi.kernel.outbox import outbox
from banshi.kernel.runtime.signals.signals import ROWS
from banshi.kinds.posting import scheduler
from banshi.kinds.posting.models import PostingMatch, PostingRecord
from banshi.sdk.events import SIGNALS
from banshi.sdk.operations import ProcessRole
from banshi.testing import Door, open_door
from tests.conftest import good_answers
from tests.places import ROOT, TRAFFIC
from tests.town.parts import postings
from tests.town.town import open_town
from tests.waiting import until

#: A plugin whose own look is wrong.
PARKS = """
from contextlib import asynccontextmanager
from banshi import Key, Resource, hookimpl

LOOKED = []

@asynccontextmanager
async def opened(platform):
    platform.store.pulse.when("benches", "no_such_table", lambda: LOOKED.append(1), 0.05)
    yield LOOKED

@hookimpl
def banshi_resources():
    return [Resource(Key("benches"), opened)]
"""

#: What a text of the version before says of rows that were written: process, topic, tables.
OF_BEFORE = ["0123456789ab", "rows", "banshi_outbox", "table_of_no_version"]

#: Seconds between two looks.
OFTEN = 0.05

WRONG = "a look can't be asked for with the others'"


@asynccontextmanager
async def asking(folder: Path, database: str, plugins: dict[str, Path | str] | None = None) -> AsyncIterator[Door]:
    """A platform that looks twenty times a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulse, "INTERVAL_S", OFTEN)
        async with open_door(folder, plugins or {"traffic": TRAFFIC}, platform={"database": database}) as door:
            yield door


async def submitted(door: Door) -> None:
    wang = door.citizen("wang")
    (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()


async def inbox(door: Door) -> list[Any]:
    return list((await door.citizen("wang").get("/v1/inbox")).ok()["items"])


async def test_a_plugin_s_wrong_look_is_told_with_its_place_and_all_others_go_on(tmp_path: Path, database: str) -> None:
    (tmp_path / "parks").mkdir()
    (tmp_path / "parks" / "__init__.py").write_text(PARKS, "utf-8")
    with capture_logs() as logs:
        async with asking(tmp_path, database, {"parks": tmp_path / "parks"}) as door:
            asked, looks = door.platform.store.pulse, list[Any]()
            asked.ask("one", "1", looks.append, OFTEN)
            await until(lambda: len(looks) > 10)
            (wrong,) = [one for one in asked.questions if one.about == "benches"]
            assert wrong.left_out_until > 0
            told = [one for one in logs if one["event"] == WRONG]
    assert [(one["plugin"], one["look"]) for one in told] == [("parks", "benches")], "once, and of nobody else"
    line = PARKS[: PARKS.index("pulse.when")].count("\n") + 1
    assert told[0]["where"].startswith(f"{tmp_path / 'parks' / '__init__.py'}:{line} ")
    assert set(looks) == {1}


async def test_whoever_is_left_out_looks_by_itself_each_time_and_is_asked_for_again(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "RETRY_S", 0.5)
    async with asking(tmp_path, database) as door:
        store, looks = door.platform.store, list[int]()
        store.pulse.when("late table", "late_table", lambda: looks.append(1), OFTEN)
        await until(lambda: len(looks) > 5)
        await store.connection.execute_query("CREATE TABLE late_table (one INT)")
        (late,) = [one for one in store.pulse.questions if one.about == "late table"]
        await until(lambda: late.left_out_until < store.pulse.beat)
        looks.clear()
        await asyncio.sleep(0.3)
        assert not looks, "there is nothing in it"
        await store.connection.execute_query("INSERT INTO late_table VALUES (1)")
        await until(lambda: looks)


async def test_an_answer_that_nobody_can_heed_keeps_nobody_else_from_theirs(tmp_path: Path, database: str) -> None:
    with capture_logs() as logs:
        async with asking(tmp_path, database) as door:
            looks = list[Any]()
            door.platform.store.pulse.ask("bad", "1", lambda _: 1 / 0, OFTEN)
            door.platform.store.pulse.ask("good", "NULL", looks.append, OFTEN)
            await until(lambda: looks)
    assert looks[0] is None
    assert {(one["look"], one["error"]) for one in logs if "heeded" in one["event"]} == {("bad", "ZeroDivisionError")}


async def test_a_table_that_is_locked_holds_up_whoever_looks_for_it_alone(tmp_path: Path, postgres: str) -> None:
    async with asking(tmp_path, postgres) as door:
        looks = list[Any]()
        door.platform.store.pulse.ask("another", "1", looks.append, OFTEN)
        held = await asyncpg.connect(postgres.replace("asyncpg:", "postgres:", 1).partition("?")[0])
        try:
            schema = await door.platform.store.connection.execute_query_dict("SELECT current_schema() AS name")
            await held.execute(f'BEGIN; LOCK TABLE "{schema[0]["name"]}".banshi_lease IN ACCESS EXCLUSIVE MODE')
            waiting = [one for one in door.platform.store.pulse.questions if "banshi_lease" in one.sql]
            await until(lambda: waiting and all(one.left_out_until for one in waiting))
            looks.clear()
            await until(lambda: len(looks) > 5, 3.0)
            left_out = [one for one in door.platform.store.pulse.questions if one.left_out_until]
            assert left_out == waiting, "nobody else is left out"
        finally:
            await held.close()


async def test_a_table_that_may_not_be_read_is_left_out_as_what_is_wrong_is(tmp_path: Path, postgres: str) -> None:
    role = f"role_{uuid4().hex}"
    schema = parse_qs(urlsplit(postgres).query)["schema"][0]
    admin = await asyncpg.connect(postgres.replace("asyncpg:", "postgres:", 1).partition("?")[0])
    try:
        await admin.execute(
            f"CREATE ROLE {role} LOGIN PASSWORD 'made-up'; CREATE TABLE \"{schema}\".closed (one INT); "
            f'GRANT ALL ON SCHEMA "{schema}" TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA "{schema}" TO {role}; '
            f'REVOKE ALL ON "{schema}".closed FROM {role}'
        )
        with capture_logs() as logs:
            async with asking(tmp_path, postgres.replace("//postgres", f"//{role}:made-up", 1)) as door:
                asked, looks, lost = door.platform.store.pulse, list[Any](), list[int]()
                asked.when("closed", "closed", lambda: lost.append(1), OFTEN)
                asked.ask("open", "1", looks.append, OFTEN)
                await until(lambda: len(looks) > 10)
                (closed,) = [one for one in asked.questions if one.about == "closed"]
                assert closed.left_out_until > 0
                assert lost, "whoever asks looks by itself"
        assert [one["look"] for one in logs if one["event"] == WRONG] == ["closed"]
    finally:
        await admin.execute(f'DROP OWNED BY {role}; DROP ROLE {role}; DROP TABLE "{schema}".closed')
        await admin.close()


async def test_a_posting_that_another_process_published_in_silence_is_compared_and_one_ends_at_its_time(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "INTERVAL_S", OFTEN)
    monkeypatch.setattr(scheduler, "LOOK_EVERY_S", OFTEN)
    monkeypatch.setattr(scheduler, "ROUND_S", 600.0)
    async with open_town(tmp_path, postings(), database=database) as offices:
        li, sun = offices.door.citizen("li"), offices.door.citizen("sun")
        lost = await offices.published(li)
        found = await offices.published(sun, sort="found", day="2026-08-31")

        async def rows(**those: Any) -> bool:
            return await PostingMatch.all().count() == 1 and not await PostingRecord.filter(**those).exists()

        await until(lambda: rows(matched_at=None))
        newest = {"matched_at": None, "published_at": offices.now + timedelta(minutes=1)}
        await PostingRecord.filter(case_id=found).update(**newest)
        await until(lambda: rows(matched_at=None))
        offices.later(days=31)
        await until(lambda: rows(case_id__in=[lost, found], ended_at=None))


async def test_a_change_is_told_once_and_a_moment_for_as_long_as_it_is_over(tmp_path: Path, database: str) -> None:
    async with asking(tmp_path, database) as door:
        store, changed, over = door.platform.store, list[int](), list[int]()
        moment = "SELECT MIN(first_at) FROM moments"
        await store.connection.execute_query("CREATE TABLE moments (first_at VARCHAR(40), number INT)")
        store.pulse.changes("number", "SELECT MAX(number) FROM moments", lambda: changed.append(1), OFTEN)
        store.pulse.past("moment", moment, lambda: over.append(1), door.platform.now, OFTEN)
        await until(lambda: changed)
        await asyncio.sleep(0.3)
        assert (len(changed), over) == (1, [])
        await store.connection.execute_query("INSERT INTO moments VALUES ('2026-01-01 00:00:00+00:00', 1)")
        await until(lambda: len(over) > 3)
        assert len(changed) == 2


async def test_a_signal_a_thousand_times_a_second_is_fifty_looks(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC}
    works = ProcessRole(serves=False)
    async with open_door(tmp_path, plugins, platform={"database": postgres}, duty=works) as door:
        signals, claims, claim = door.platform[SIGNALS], list[str](), outbox.claim

        async def counted(store: Any, consumer: str, **how: Any) -> Any:
            claims.append(consumer)
            return await claim(store, consumer, **how)

        monkeypatch.setattr(outbox, "claim", counted)
        loop, heard = asyncio.get_running_loop(), list[frozenset[str]]()
        signals.on(ROWS, heard.append)
        begun = loop.time()
        for number in range(1000):
            signals._heard(orjson.dumps(["another", ROWS, "banshi_outbox", str(number)]).decode())
            await asyncio.sleep(max(0.0, begun + number / 1000 - loop.time()))
        await until(lambda: len(frozenset().union(*heard)) == 1001)
        took = loop.time() - begun
        assert len(heard) <= took / 0.02 + 2
        assert claims.count("intake") <= len(heard) + took + 2


async def test_what_processes_of_the_version_before_say_is_heard_and_what_they_write_in_silence_is_found(
    tmp_path: Path, postgres: str
) -> None:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, platform={"database": postgres}) as door:
        heard = list[frozenset[str]]()
        door.platform[SIGNALS].on(ROWS, heard.append)
        door.platform[SIGNALS]._heard(orjson.dumps(OF_BEFORE).decode())
        assert heard == [frozenset(OF_BEFORE[2:])]
        sent = list(door.platform[SIGNALS]._texts(ROWS, ["banshi_outbox"]))
        assert [orjson.loads(one)[1:] for one in sent] == [["rows", "banshi_outbox"]], "nor do they hear anything else"
    # One that answers alone, whose words nobody hears, and who has died since.
    async with open_door(
        tmp_path, plugins, platform={"database": postgres}, duty=ProcessRole(lanes=frozenset())
    ) as before:
        before.platform[SIGNALS].send = lambda *_: None  # type: ignore[method-assign]
        async with open_door(tmp_path, plugins, platform={"database": postgres}, duty=ProcessRole(serves=False)):
            await asyncio.sleep(1.0)
            await submitted(before)
            assert await until(lambda: inbox(before)) < 5.0


async def test_a_redis_that_is_there_and_silent_costs_no_more_than_a_look(tmp_path: Path, postgres: str) -> None:
    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    silent = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    platform = {"database": postgres, "redis": {"url": f"redis://127.0.0.1:{port}"}}
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with silent, AsyncExitStack() as stack:
        server, _ = [
            await stack.enter_async_context(open_door(tmp_path, plugins, platform=platform, duty=duty))
            for duty in (ProcessRole(lanes=frozenset()), ProcessRole(serves=False))
        ]
        await submitted(server)
        assert await until(lambda: inbox(server)) < 5.0


def test_three_processes_write_one_text_for_the_columns_of_each_table() -> None:
    code = (
        "import asyncio; from banshi.foundation.database.opening import connected\n"
        "async def main():\n"
        "    async with connected('sqlite://:memory:', {}) as (context, _):\n"
        "        for app in context.apps.values():\n"
        "            for model in app.values(): print(model.all().sql(), model.filter(pk=1).sql())\n"
        "asyncio.run(main())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
    assert b"SELECT" in said.pop()


def _asked(door: Door, asked: dict[str, int]) -> dict[str, int]:
    """What is looked for so far, with its seconds: some ask once they have looked themselves."""
    asked |= {one.about.partition(":")[0]: one.every for one in door.platform.store.pulse.questions}
    return asked


async def test_the_page_for_operators_names_each_look_with_its_seconds(tmp_path: Path, postgres: str) -> None:
    text = (ROOT / "docs" / "operations" / "postgres-and-redis.md").read_text("utf-8")
    section = text.partition("### What a server asks while nothing happens")[2].partition("**PgBouncer**")[0]
    tables = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line[:1] == "|"]
    parts = {name: int(seconds) for names, seconds, _ in tables if seconds.isdigit() for name in names.split(", ")}
    entries = tomllib.loads((ROOT / "plugins.toml").read_text("utf-8"))["plugins"]
    plugins = {name: ROOT / one["path"] if "path" in one else one["package"] for name, one in entries.items()}
    async with open_door(tmp_path, plugins, platform={"database": postgres}) as door:
        asked: dict[str, int] = {}
        # Of a provider that is set up alone.
        await until(lambda: _asked(door, asked) and parts.keys() - asked.keys() == {"chunks", "deliveries", "topics"})
        assert {name: seconds for name, seconds in parts.items() if name in asked} == asked
        for seconds, name, _ in tables:
            if seconds.isdigit():
                module, _, constant = name.strip("`").rpartition(".")
                package = door.platform.registry.plugins.get(module.partition(".")[0])
                module = f"{package.module.__name__}.{module.partition('.')[2]}" if package else module
                assert getattr(import_module(module), constant) == int(seconds), name
