"""A PostgreSQL for benchmarks, where the machine has one: a database of their own, dropped afterwards."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

SERVER = os.environ.get("BANSHI_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")


@lru_cache
def has_postgres() -> bool:
    """Whether there is a server on which databases may be made."""
    try:
        asyncio.run(_administer("SELECT 1"))
    except (ImportError, OSError, TimeoutError, Exception) as error:
        print(f"PostgreSQL is left out: no server at {SERVER} ({type(error).__name__})\n")
        return False
    return True


@contextmanager
def postgres(*, keep: bool = False) -> Iterator[str]:
    """The URL of an empty database, which stays behind where it is to be kept."""
    name = f"banshi_benchmark_{uuid.uuid4().hex}"
    asyncio.run(_administer(f"CREATE DATABASE {name}"))
    try:
        yield f"{SERVER.rpartition('/')[0]}/{name}".replace("postgres:", "asyncpg:", 1)
    finally:
        if keep:
            print(f"left behind: --database {name}")
        else:
            asyncio.run(_administer(f"DROP DATABASE {name} WITH (FORCE)"))


async def _administer(statement: str) -> Any:
    import asyncpg

    connection = await asyncpg.connect(SERVER, timeout=5)
    try:
        return await connection.execute(statement)
    finally:
        await connection.close()
