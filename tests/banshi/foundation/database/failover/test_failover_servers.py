"""Of the servers that an address names the one that takes writes is found, and readiness says whether there is one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from banshi.foundation.database.failover.connecting import Servers
from banshi.foundation.database.opening import connection_to, schema_of
from banshi.foundation.servers.addresses import hosts_of
from banshi.kernel.loading.settings import Settings
from banshi.kernel.loading.typed_tables import SettingsError, typed
from banshi.ops.backup import postgres as programs
from banshi.testing import open_door
from tests.banshi.foundation.database.failover.doors_on_postgres import Answers, door_on, not_ready, ready
from tests.banshi.ops.test_doctor import Patient
from tests.places import TRAFFIC
from tests.processes import commands
from tests.servers import postgres_servers
from tests.servers.ports import free_port
from tests.servers.postgres_servers import Server
from tests.waiting import until

# Addresses of several servers


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgres://u:p@one:1,two:2/city", [("one", 1), ("two", 2)]),
        ("asyncpg://u:p%2C@one,[::1]:2/city?schema=x", [("one", None), ("::1", 2)]),
        ("postgresql://one,two,three", [("one", None), ("two", None), ("three", None)]),
        ("postgres://10.0.0.1:5432,10.0.0.2:5433/city", [("10.0.0.1", 5432), ("10.0.0.2", 5433)]),
    ],
)
def test_an_address_may_name_several_servers(url: str, hosts: list[tuple[str, int | None]]) -> None:
    assert hosts_of(url) == hosts
    settings = typed(Settings, {"database": url, "replica": url}, where="platform")
    for address in (settings.database_url, settings.replica_url):
        credentials = connection_to(address)["credentials"]
        assert credentials["hosts"] == [(host, port or 5432) for host, port in hosts]
        assert credentials["host"] == hosts[0][0]
        assert credentials["maxsize"]
    assert schema_of(settings.database_url) == ("x" if "schema" in url else "")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u@one,two:x/city",
        "postgres://u@one:0,two/city",
        "postgres://u@one:99999,two/city",
        "postgres://u@one,,two/city",
        "postgres://u@,two/city",
        "postgres://u@one,[::1/city",
        "postgres://u@one,two three/city",
        "postgres://u:a:b@c,d@:1,two/city",
    ],
)
def test_a_list_of_servers_that_can_t_be_read_is_refused_with_what_to_write_and_without_the_password(url: str) -> None:
    for name in ("database", "replica"):
        table = {"database": "postgres://one/city", name: url}
        with pytest.raises(SettingsError) as refused:
            typed(Settings, table, where="platform")
        assert "host:port,host:port" in str(refused.value)
        assert "a:b" not in str(refused.value)


def test_programs_of_postgresql_s_own_are_told_all_servers_and_to_take_the_one_that_is_written_to() -> None:
    environment = programs._environment("asyncpg://u:p@one:1,two/city?minsize=1")
    assert environment["PGHOST"] == "one,two"
    assert environment["PGPORT"] == "1,5432"
    assert environment["PGTARGETSESSIONATTRS"] == "read-write"
    assert "PGTARGETSESSIONATTRS" not in programs._environment("asyncpg://u:p@one:1/city")


@pytest.fixture
def silent() -> Iterator[int]:
    """A port on which connections are taken and nothing is ever said, as by a machine that stands still."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen(64)
        yield one.getsockname()[1]


async def test_of_several_servers_the_one_that_takes_writes_is_found_wherever_it_stands_in_the_list(
    tmp_path: Path, own_postgres: Server, silent: int
) -> None:
    with postgres_servers.alone(tmp_path / "other") as other:
        await asyncio.to_thread(other.read_only, True)
        ports = [silent, free_port(), other.port, own_postgres.port]
        for hosts in ([*ports], [*reversed(ports)], [other.port, own_postgres.port], [own_postgres.port, other.port]):
            servers = Servers([("127.0.0.1", port) for port in hosts])
            for _ in range(3):
                connection, writes = await servers.connect(user="postgres", database="postgres")
                assert writes
                assert await connection.fetchval("SHOW port") == str(own_postgres.port)
                await connection.close()
            # From then on it is asked first.
            assert servers._hosts[0] == ("127.0.0.1", own_postgres.port)
        servers = Servers([("127.0.0.1", port) for port in (free_port(), other.port)])
        connection, writes = await servers.connect(user="postgres", database="postgres")
        assert not writes
        await connection.close()


async def test_servers_of_which_none_lets_us_in_are_told_of_in_time(
    monkeypatch: pytest.MonkeyPatch, silent: int
) -> None:
    monkeypatch.setattr("banshi.foundation.database.failover.connecting.CONNECT_TIMEOUT_S", 0.5)
    monkeypatch.setattr("banshi.foundation.database.failover.connecting.HEAD_START_S", 0.1)
    for ports in ([silent], [silent, silent], [free_port(), silent], [free_port(), free_port()]):
        with pytest.raises((ConnectionRefusedError, TimeoutError)):
            await Servers([("127.0.0.1", port) for port in ports]).connect(user="postgres", database="postgres")


async def test_whoever_stops_waiting_for_a_connection_leaves_none_behind(own_postgres: Server, silent: int) -> None:
    servers = Servers([("127.0.0.1", silent), ("127.0.0.1", own_postgres.port)])
    for seconds in (0.0, 0.01, 1.0, 1.01, 1.02):
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                (await servers.connect(user="postgres", database="postgres"))[0].terminate()
        servers = Servers([("127.0.0.1", silent), ("127.0.0.1", own_postgres.port)])

    def none_left() -> bool:
        return own_postgres.asked("SELECT count(*) FROM pg_stat_activity WHERE client_port > 0").strip() == "1"

    await until(lambda: asyncio.to_thread(none_left))
    assert none_left(), "the one that asks alone"


# Readiness


async def test_readiness_answers_in_time_when_the_server_stands_still_and_asks_it_once(
    tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.foundation.database.failover.readiness.ANSWER_TIMEOUT_S", 0.3)
    with postgres_servers.alone(tmp_path / "postgres") as server:
        async with door_on(tmp_path, server.url) as door:
            assert await ready(door)
            server.pause(True)
            for _ in range(3):
                replies = await asyncio.gather(*(door.anyone.get("/readyz") for _ in range(20)))
                for reply in replies:
                    reply.problem(503, "unavailable")
                    assert int(reply.headers["Retry-After"]) > 0
            asking = [task for task in asyncio.all_tasks() if "takes_writes" in repr(task.get_coro())]
            assert len(asking) <= 1
            server.pause(False)
            await until(lambda: ready(door))


@pytest.mark.sqlite
async def test_a_sqlite_that_can_only_be_read_or_is_gone_is_not_ready(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        store = door.platform.store
        assert await ready(door)
        await store.connection.execute_query("PRAGMA query_only = ON")
        assert await not_ready(door)
        await store.connection.execute_query("PRAGMA query_only = OFF")
        assert await ready(door)
        file = Path(str(cast("Any", store.connection).filename))
        await asyncio.to_thread(file.rename, file.with_name("elsewhere"))
        assert await not_ready(door)
        await asyncio.to_thread(file.with_name("elsewhere").rename, file)
        assert await ready(door)


# What operators are told


@pytest.mark.sqlite
def test_the_doctor_says_what_each_server_is_and_what_a_failover_would_lose(
    tmp_path: Path, own_postgres: Server
) -> None:
    with postgres_servers.replicated(tmp_path, "synchronous_commit=on") as (first, copy):
        patient = Patient(tmp_path)

        def named(*ports: int) -> None:
            hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
            patient.written(f'database = "postgres://postgres@{hosts}/postgres"')

        named(copy.port, first.port)
        roles = (f"{copy.port} is read", f"{first.port} takes writes")
        patient.finds("servers", "warning", *roles, "synchronous_standby_names")
        postgres_servers.synchronous(first)
        patient.finds("servers", "ok", *roles, "waits for a standby")
        named(first.port, own_postgres.port)
        patient.finds("servers", "error", "several take writes")
        named(first.port, free_port())
        patient.finds("servers", "warning", "1 can't be reached", "does not let us in")
        first.kill()
        named(first.port, copy.port)
        patient.finds("servers", "error", "none does", f"{copy.port} is read")
        patient.written(f'database = "{copy.url}"')
        _, found = patient.told()
        assert "servers" not in found


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("migrate",), ("outbox", "hold", "--reason", "x")])
def test_a_command_says_in_a_sentence_that_the_database_takes_no_writes(
    tmp_path: Path, own_postgres: Server, command: tuple[str, ...]
) -> None:
    (tmp_path / "plugins.toml").write_text(
        f'[platform]\ndata = "{tmp_path / "data"}"\ndatabase = "{own_postgres.url}"\n'
    )
    own_postgres.read_only(False)
    begun = commands.run(tmp_path, "migrate")
    assert begun.returncode == 0, begun.stderr
    own_postgres.read_only(True)
    try:
        done = commands.run(tmp_path, *command)
    finally:
        own_postgres.read_only(False)
    assert done.returncode in {1, 2}, done.stdout
    assert "Traceback" not in done.stderr
    assert "takes writes" in done.stderr or "25006" in done.stderr
