"""The database: there, at this version's schema, on the same time, quick to sync, with room for every process.

Where its address names several servers, each is there, and one takes writes.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from banshi.foundation.database.opening import connected, connection_to, sqlite_file, told_as_setting
from banshi.foundation.database.store import CLOCK
from banshi.foundation.database.upgrade import missing
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.loading.settings import Settings
from banshi.kernel.runtime.examinations import Deployment, Verdict

CHECK = "servers"

#: What a server is.
WRITES, READS = "takes writes", "is read"

#: Of what Tortoise connects with, what a connection by hand has a use for.
OPTIONS = ("user", "database", "server_settings", "ssl")

#: What a commit waits for, if anything, and which servers follow.
ASK_SYNCHRONOUS = (
    "SELECT current_setting('synchronous_standby_names') AS names, current_setting('synchronous_commit') AS commits"
)

#: Values of synchronous_commit with which a commit waits for a standby.
WAITS = {"on", "remote_write", "remote_apply"}


async def servers(url: str, connection: Any) -> Sequence[Verdict]:
    """A verdict of the servers that an address names; none where it names one. `connection` is Tortoise's."""
    hosts = connection_to(url)["credentials"].get("hosts")
    if not hosts:
        return []
    roles = await asyncio.gather(*(_role(connection, host) for host in hosts))
    said = ", ".join(f"{host}:{port} {role}" for (host, port), role in zip(hosts, roles, strict=True))
    writers = roles.count(WRITES)
    if writers != 1:
        why = "several take writes: end all but one at once, each has what the others lack" if writers else "none does"
        return [Verdict(CHECK, "error", f"one server has to take writes and {why}: {said}")]
    if away := [role for role in roles if role not in {WRITES, READS}]:
        return [Verdict(CHECK, "warning", f"{len(away)} can't be reached, and could not take over: {said}")]
    rows = await connection.execute_query_dict(ASK_SYNCHRONOUS)
    if not rows[0]["names"] or rows[0]["commits"] not in WAITS:
        told = "a failover may lose what was acknowledged last: set synchronous_standby_names, synchronous_commit = on"
        return [Verdict(CHECK, "warning", f"{said}; {told}")]
    return [Verdict(CHECK, "ok", f"{said}; a commit waits for a standby")]


async def _role(client: Any, host: tuple[str, int]) -> str:
    # It needs the extra `postgres`.
    from banshi.foundation.database.failover.connecting import Servers

    options = {name: client._template[name] for name in OPTIONS if name in client._template}
    try:
        connection, writes = await Servers([host]).connect(password=client.password, **options)
    except Exception as error:  # whatever keeps us from it is what is looked for
        return f"does not let us in ({type(error).__name__})"
    connection.terminate()
    return WRITES if writes else READS


#: Seconds by which two clocks may differ, and from which on tokens and leases are told wrongly.
CLOCK_WARNING_S, CLOCK_ERROR_S = 2.0, 60.0

#: Seconds that a small write may take, and how many are tried.
SLOW_WRITE_S, WRITES_TRIED = 0.05, 5

#: The oldest server that the platform is tested with, as PostgreSQL numbers itself.
MIN_SERVER_VERSION = 140_000

#: Connections of a process beside its pool: the one on which it hears of others.
CONNECTIONS_BESIDE_POOL = 1


async def examine(deployment: Deployment) -> Sequence[Verdict]:
    settings, tables = deployment.registry.configuration.settings, deployment.registry.tables
    file = sqlite_file(settings.database_url)
    if file is not None and not file.exists():
        return [Verdict("database", "warning", f"there is none at {file} yet: the first start makes it")]
    try:
        async with connected(settings.database_url, tables) as (context, apps):
            connection = context.connections.get("default")
            with told_as_setting():
                await connection.execute_query("SELECT 1")
                found = [Verdict("database", "ok", f"{connection.capabilities.dialect} answers")]
                steps = await missing(apps)
                found += [_schema(settings, steps), await _clock(connection)]
                if not any(step.startswith("banshi ") for step in steps):
                    found.append(await _sync(connection))
                if file is None:
                    found += await servers(settings.database_url, connection)
                    found += await _server(connection, settings, deployment.workers)
                    found.append(await _pooler(connection, settings))
            return found
    except ConfigurationError as error:
        return [Verdict("database", "error", f"{one.rule}: {one.advice}") for one in error.findings]


def _schema(settings: Settings, steps: Sequence[str]) -> Verdict:
    if not steps:
        return Verdict("schema", "ok", "every table is at this version's")
    told = f"not applied yet: {', '.join(steps)}"
    if settings.migrate_at_start:
        return Verdict("schema", "warning", f"the next start brings it to this version; {told}")
    return Verdict("schema", "error", f"run `banshi migrate` before the start; {told}")


async def _clock(connection: BaseDBAsyncClient) -> Verdict:
    before = time.time()
    rows = await connection.execute_query_dict(f"SELECT {CLOCK[connection.capabilities.dialect]} AS now")
    apart = abs(rows[0]["now"] / 1000 - (before + time.time()) / 2)
    told = f"this machine's clock and the database's are {apart:.1f} s apart"
    if apart > CLOCK_ERROR_S:
        return Verdict(
            "clock", "error", f"{told}: set both by NTP; tokens are checked by the one, all else goes by the other"
        )
    if apart > CLOCK_WARNING_S:
        return Verdict("clock", "warning", f"{told}: set both by NTP")
    return Verdict("clock", "ok", told)


async def _sync(connection: BaseDBAsyncClient) -> Verdict:
    """A lease that nobody takes, written and taken back."""
    write = (
        "INSERT INTO banshi_lease (name, holder, until) VALUES ('doctor', '', 0) "
        "ON CONFLICT (name) DO UPDATE SET until = 0"
    )
    took = []
    try:
        for _ in range(WRITES_TRIED):
            begun = time.monotonic()
            await connection.execute_query(write)
            took.append(time.monotonic() - begun)
        await connection.execute_query("DELETE FROM banshi_lease WHERE name = 'doctor'")
    except Exception as error:  # whatever keeps a write from being made is what is looked for
        return Verdict("database-write", "error", f"nothing can be written: {error}")
    if why := await _unsynced(connection):
        return Verdict("database-write", "warning", f"{why}: what was acknowledged may be lost with the power")
    told = f"a small write takes {statistics.median(took) * 1000:.1f} ms"
    if statistics.median(took) > SLOW_WRITE_S:
        return Verdict("database-write", "warning", f"{told}: the disk syncs slowly, and every request waits for it")
    return Verdict("database-write", "ok", told)


async def _unsynced(connection: BaseDBAsyncClient) -> str:
    if connection.capabilities.dialect == "sqlite":
        _, rows = await connection.execute_query("PRAGMA synchronous")
        return "" if rows[0][0] >= 2 else "commits are not synced: say ?synchronous=FULL in platform.database"
    off = [name for name in ("fsync", "synchronous_commit") if await _shown(connection, name) == "off"]
    return f"PostgreSQL has {' and '.join(off)} = off" if off else ""


async def _server(connection: BaseDBAsyncClient, settings: Settings, workers: int) -> list[Verdict]:
    version = int(await _shown(connection, "server_version_num"))
    told = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    old = version < MIN_SERVER_VERSION
    found = [
        Verdict("postgres-version", "warning" if old else "ok", f"{told}: upgrade to 14 or newer" if old else told)
    ]
    reserved = int(await _shown(connection, "superuser_reserved_connections"))
    most = int(await _shown(connection, "max_connections")) - reserved
    given = connection_to(settings.database_url)["credentials"]
    each = int(given.get("maxsize") or settings.pool.most) + CONNECTIONS_BESIDE_POOL
    said = f"{workers} process{'' if workers == 1 else 'es'} of {each} connections, and the server takes {most}"
    if workers * each > most:
        advice = "make platform.pool.most smaller, raise max_connections, or have fewer processes"
        return [*found, Verdict("connections", "error", f"{said}: {advice}")]
    return [*found, Verdict("connections", "ok", said)]


async def _pooler(connection: BaseDBAsyncClient, settings: Settings) -> Verdict:
    """Whether whoever answers is the process that was connected to: a pooler in between names one of its own making."""
    pool: Any = connection
    async with pool.acquire_connection() as one:
        real, named = await one.fetchval("SELECT pg_backend_pid()"), one.get_server_pid()
        limited = await one.fetchval("SELECT current_setting('statement_timeout') <> '0'")
    if real == named:
        return Verdict("pooler", "ok", "none between this machine and PostgreSQL")
    told = "a pooler such as PgBouncer stands in between"
    wrong = []
    if settings.redis is None:
        wrong.append("signals between processes need its session mode, or platform.redis")
    if not limited:
        wrong.append("no statement has a limit there: ALTER ROLE … SET statement_timeout = '30s'")
    return Verdict("pooler", "warning" if wrong else "ok", "; ".join([told, *wrong]))


async def _shown(connection: BaseDBAsyncClient, name: str) -> str:
    _, rows = await connection.execute_query(f"SHOW {name}")
    return str(rows[0][0])
