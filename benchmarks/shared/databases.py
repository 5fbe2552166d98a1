"""A PostgreSQL for benchmarks, where the machine has one: a database of their own, dropped afterwards."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any

from tortoise.backends.base.executor import EXECUTOR_CACHE

SERVER = os.environ.get("BANSHI_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")


@lru_cache
def has_postgres() -> bool:
    """Whether there is a server on which databases may be made."""
    try:
        asked(SERVER, "SELECT 1")
    except (ImportError, OSError, TimeoutError, Exception) as error:
        print(f"PostgreSQL is left out: no server at {SERVER} ({type(error).__name__})\n")
        return False
    return True


@contextmanager
def postgres(*, keep: bool = False) -> Iterator[str]:
    """The URL of an empty database, which stays behind where it is to be kept."""
    name = f"banshi_benchmark_{uuid.uuid4().hex}"
    asked(SERVER, f"CREATE DATABASE {name}")
    try:
        yield url_of(name)
    finally:
        if keep:
            print(f"left behind: --database {name}")
        else:
            asked(SERVER, f"DROP DATABASE {name} WITH (FORCE)")


def each_database() -> Iterator[tuple[str, str]]:
    """SQLite, without a URL, and an empty database on PostgreSQL where this machine has it."""
    yield "SQLite", ""
    if has_postgres():
        # Tortoise keeps the text of its INSERTs by table; no real process talks to both databases.
        EXECUTOR_CACHE.clear()
        with postgres() as url:
            yield "PostgreSQL", url


def url_of(name: str) -> str:
    """The URL of a database of that name."""
    return f"{SERVER.rpartition('/')[0]}/{name}".replace("postgres:", "asyncpg:", 1)


def postgres_if(wanted: Any) -> Any:
    """A context that gives the URL of a new database where one is wanted, or no URL."""
    return postgres() if wanted else nullcontext("")


def asked(url: str, statement: str) -> Sequence[Any]:
    """What a PostgreSQL says to one statement. In a thread of its own, since the caller's loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _asked(url, statement)).result()


async def _asked(url: str, statement: str) -> Sequence[Any]:
    import asyncpg

    connection = await asyncpg.connect(url.partition("?")[0].replace("asyncpg:", "postgres:", 1), timeout=10)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()
