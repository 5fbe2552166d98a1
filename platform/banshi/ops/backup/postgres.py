"""A PostgreSQL database, by the programs that come with it: pg_dump, pg_restore and psql of this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess  # nosec B404 - PostgreSQL's own programs, without a shell
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from banshi.foundation.database.opening import connected, connection_to, schema_of
from banshi.foundation.database.upgrade import NOTED
from banshi.ops.backup.folder import BackupError

#: What asyncpg's URLs say of TLS, as libpq says it; anything else is left to libpq's own defaults.
TLS = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}


def dump(url: str, target: Path) -> None:
    """Write a database, or the schema that its URL names, to a file. Raises BackupError."""
    schema = schema_of(url)
    only = [f"--schema={_quoted(schema)}"] if schema else []
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    # Whether it was held belongs to the moment of the backup, and the restore says it anew.
    without = "--exclude-table-data=*.banshi_hold"
    command = [_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", without, *only]
    done = subprocess.run(  # noqa: S603 - a program of the operator's machine, with our own arguments
        [*command, f"--file={target}"],
        env=_environment(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BackupError(f"pg_dump failed: {_last(done.stderr)}")


def has_room(url: str) -> None:
    """Raises BackupError where there are tables of ours already, or the programs that restoring takes aren't there."""
    _program("pg_restore"), _program("psql")

    async def noted() -> bool:
        async with connected(url, {}) as (context, _):
            return bool(await context.connections.get("default").execute_query_dict(NOTED["postgres"]))

    if asyncio.run(noted()):
        raise BackupError(
            "platform.database has tables of the platform already: create an empty database and name that"
        )


def load(url: str, source: Path, schema: str, statements: Sequence[str]) -> None:
    """Restore a database and carry the statements out, all in one transaction. Raises BackupError."""
    # The schema is in the dump; an empty one that was made for it would be in its way.
    before = [f"--command=DROP SCHEMA IF EXISTS {_quoted(schema)}"] if schema else []
    path = f"SET search_path TO {_quoted(schema)}" if schema else "RESET search_path"
    after = [f"--command={statement}" for statement in (path, *statements)]
    reading = [_program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(source)]
    writing = [_program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction"]
    with tempfile.TemporaryFile() as errors:
        reader = subprocess.Popen(reading, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=errors)  # noqa: S603
        writer = subprocess.Popen(  # noqa: S603
            [*writing, *before, "--file=-", *after],
            env=_environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        try:
            whole = _carried(reader, writer)
        finally:
            # While its input is open psql can't have come to its end: what it has done is taken back.
            for process in (reader, writer):
                process.kill()
                process.wait()
        if not whole:
            errors.seek(0)
            told = _last(errors.read().decode(errors="replace"))
            raise BackupError(f"the database could not be restored and is as it was: {told}")


def _carried(reader: subprocess.Popen[bytes], writer: subprocess.Popen[bytes]) -> bool:
    """Carry what one writes to the other; whether both came to their end as they should."""
    source, target = reader.stdout, writer.stdin
    assert source is not None  # noqa: S101 - made with pipes
    assert target is not None  # noqa: S101
    with source, suppress(BrokenPipeError):
        shutil.copyfileobj(source, target)
    if reader.wait():
        return False
    with suppress(BrokenPipeError):
        target.close()
    return writer.wait() == 0


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        told = f"{name} isn't on this machine: install PostgreSQL's client programs (postgresql-client)"
        raise BackupError(f"{told}, at least of the server's version")
    return found


def _environment(url: str) -> dict[str, str]:
    """The connection as libpq reads it. Not in the arguments: others on this machine see those, with the password."""
    given = connection_to(url)["credentials"]
    names = {key: f"PG{key.upper()}" for key in ("host", "port", "user", "password", "database")}
    found = {name: str(given[key]) for key, name in names.items() if given.get(key)}
    if hosts := given.get("hosts"):
        found |= {"PGHOST": ",".join(host for host, _ in hosts), "PGPORT": ",".join(str(port) for _, port in hosts)}
        # Whatever is restored is written; and what is dumped is not to be from a copy that is behind.
        found["PGTARGETSESSIONATTRS"] = "read-write"
    if str(given.get("ssl")) in TLS:
        found["PGSSLMODE"] = str(given["ssl"])
    return {**os.environ, "PGCONNECT_TIMEOUT": "10", **found}


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower() or "FATAL" in line]
    return (errors or lines or ["it said nothing"])[0]
