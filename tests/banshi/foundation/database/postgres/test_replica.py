"""What anybody may read comes from a replica where there is one, and from the database itself where that is away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from banshi.builtin.checks.code.routes import route_faults
from banshi.foundation.database.opening import open_store
from banshi.kernel.loading.settings import Settings
from banshi.kernel.loading.typed_tables import SettingsError, typed
from banshi.testing import Door, open_door
from tests.places import TRAFFIC
from tests.servers import postgres_servers
from tests.servers.redis_servers import free_port
from tests.waiting import until

ZONES = "/v1/traffic/zones"


def opened(folder: Path, database: str, replica: str) -> Any:
    return open_door(folder, {"traffic": TRAFFIC}, platform={"database": database, "replica": replica})


async def closed(door: Door) -> list[str]:
    return [one["zone"] for one in (await door.anyone.get(ZONES)).ok()["items"] if not one["open"]]


async def close(door: Door, zone: str = "2") -> None:
    (await door.staff("zhou", "traffic:approver").put(f"{ZONES}/{zone}/closure", {"reason": "修路"})).ok()


async def test_public_reads_see_what_the_replica_has_and_all_else_what_the_database_has(
    tmp_path: Path, postgres: str, second_postgres: str
) -> None:
    """The copy is another database here, so that what is read from it can be told from what isn't."""
    database, copy = postgres, second_postgres
    async with opened(tmp_path, copy, "") as other:
        await close(other)
    async with opened(tmp_path, database, copy) as door:
        assert await closed(door) == ["2"]
        await close(door, "5")
        assert await closed(door) == ["2"]
        assert (await door.citizen("wang").get("/v1/cases")).ok()["items"] == []
    async with opened(tmp_path, database, "") as door:
        assert await closed(door) == ["5"]


async def test_a_replica_that_is_away_or_silent_costs_a_moment_and_is_asked_again(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.foundation.database.replica.ANSWER_TIMEOUT_S", 0.3)
    silent = await asyncio.start_server(lambda *_: asyncio.sleep(60), "127.0.0.1", 0)
    ports = [free_port(), silent.sockets[0].getsockname()[1]]
    for port in ports:
        nobody = f"asyncpg://postgres@127.0.0.1:{port}/nothing"
        async with opened(tmp_path, postgres, nobody) as door:
            with capture_logs() as said:
                assert await closed(door) == []
                assert await closed(door) == []
            warned = [one for one in said if one["event"].startswith("the replica can't be read")]
            assert len(warned) == 1
    silent.close()


@pytest.mark.long
async def test_a_real_replica_is_read_dies_and_comes_back_and_nobody_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.foundation.database.replica.REST_AFTER_FAILURE_S", 0.2)
    with postgres_servers.replicated(tmp_path) as (first, copy):
        async with opened(tmp_path, first.url, copy.url) as door:
            await close(door)

            async def seen() -> bool:
                return await closed(door) == ["2"]

            await until(seen)
            store = door.platform.store
            assert store.replica is not None

            async def in_recovery() -> Any:
                rows = await store.connection.execute_query_dict("SELECT pg_is_in_recovery() AS copy")
                return rows[0]["copy"]

            async def from_the_copy() -> bool:
                return bool(await store.replica.first(in_recovery)) if store.replica else False

            # It may have been away for a moment: it has no tables before they have come over.
            await until(from_the_copy)
            assert await in_recovery() is False
            copy.kill()
            assert await closed(door) == ["2"]
            assert await store.replica.first(in_recovery) is False
            copy.begin()

            async def back() -> bool:
                assert await closed(door) == ["2"]
                return await from_the_copy()

            await until(back)


async def test_writes_never_go_to_the_replica(tmp_path: Path, postgres: str, second_postgres: str) -> None:
    database, copy = postgres, second_postgres
    async with open_store(copy, {}):
        pass
    async with open_store(database, {}, replica=copy) as store:
        assert store.replica is not None

        async def number() -> int:
            return await store.take_number("x")

        assert [await number(), await number()] == [1, 2]
        own = store.connection
        seen = await store.replica.first(lambda: _connection_of(store))
        assert seen is not own
        assert store.connection is own


async def _connection_of(store: Any) -> Any:
    return store.connection


@pytest.mark.parametrize(
    ("database", "replica"),
    [
        ("", "postgres://copy.example/city"),
        ("sqlite://x.sqlite3", "postgres://copy.example/city"),
        ("postgres://city.example/city", "sqlite://x.sqlite3"),
        ("postgres://city.example/city", "copy.example"),
    ],
)
def test_a_replica_that_can_be_none_is_refused(database: str, replica: str) -> None:
    with pytest.raises(SettingsError, match="replica has to begin with asyncpg://"):
        typed(Settings, {"database": database, "replica": replica}, where="platform")


def test_a_route_whose_caller_has_just_written_is_not_read_from_a_replica(bare_door: Door) -> None:
    from dataclasses import replace

    routes = {route.operation: route for _, route in bare_door.platform.registry.routes}
    wrong = replace(routes["show_case"], from_replica=True)
    assert any("from_replica is for a GET" in fault for fault in route_faults(wrong))
    assert not list(route_faults(replace(routes["list_postings"], from_replica=True)))
