"""The database: there, at this version's schema, on the same time, quick to sync, with room for every process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient

from banshi.builtin.examinations import Deployment, Verdict
from banshi.foundation.database.opening import connected, connection_to, sqlite_file, told_as_setting
from banshi.foundation.database.store import CLOCK
from banshi.foundation.database.upgrade import missing
from banshi.foundation.findings import ConfigurationError
from banshi.kernel.loading.settings import Settings
from banshi.ops.doctor.servers import servers

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
            "clock", "error", f"{told}: set both by NTP; tokens and deadlines go by the one, leases by the other"
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
    if real == named:
        return Verdict("pooler", "ok", "none between this machine and PostgreSQL")
    told = "a pooler such as PgBouncer stands in between"
    wrong = []
    if settings.redis is None:
        wrong.append("signals between processes need its session mode, or platform.redis")
    if settings.pool.statement_seconds:
        wrong.append(
            "it may refuse statement timeouts: say platform.pool.statement_seconds = 0, and set them on the server"
        )
    return Verdict("pooler", "warning" if wrong else "ok", "; ".join([told, *wrong]))


async def _shown(connection: BaseDBAsyncClient, name: str) -> str:
    _, rows = await connection.execute_query(f"SHOW {name}")
    return str(rows[0][0])
