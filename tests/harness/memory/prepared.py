"""Databases that were migrated for an earlier test: working out what all migrations do takes most of a second.

SQLite: what the first migration of a file made is kept in memory, and is the next one's file. PostgreSQL: a schema is
migrated once in a run, made again from what pg_dump writes of it, and emptied after each test.
`test_prepared.py` holds both against the real thing; a test whose point is the migration itself asks for
the fixture `empty_database`.

What Tortoise works out about the models themselves is worked out once for each kind of database, too. And of a file
that was just made nobody looks at once for what became due there.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from copy import copy
from fcntl import LOCK_EX, flock
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from weakref import WeakSet

from tortoise.apps import Apps
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext, get_current_context, require_context
from tortoise.models import Model

from banshi.app import configure
from banshi.foundation import column_comments
from banshi.foundation.background import every
from banshi.foundation.database.opening import connected
from banshi.foundation.database.sqlite import Client
from banshi.foundation.database.tables import Tables
from banshi.foundation.database.upgrade import upgrade
from tests.places import ROOT

#: The files of migrated databases, by the apps whose tables they have and by their way to keep what isn't in them yet.
MIGRATED: dict[tuple[str, str], bytes] = {}


async def upgrade_from_memory(apps: dict[str, Any]) -> list[str]:
    """`banshi.foundation.database.upgrade.upgrade`; a SQLite file that isn't there yet becomes a copy of an earlier one
    with the same apps, and a schema that was just made or emptied lacks nothing."""
    client = require_context().connections.get("default")
    if (schema := getattr(client, "schema", "")) in UNOPENED:
        UNOPENED.discard(schema)
        NEW.add(require_context())
        return [] if apps.items() <= APPS.items() else await upgrade(apps)
    if not isinstance(client, Client) or client.filename == ":memory:" or (file := Path(client.filename)).exists():
        return await upgrade(apps)
    NEW.add(require_context())
    key = (repr(apps), client.pragmas["journal_mode"])
    if key in MIGRATED:
        # In one piece, before it is opened. What can't be written is told by who opens it.
        with suppress(OSError):
            file.write_bytes(MIGRATED[key])  # noqa: ASYNC240 - it is over at once
            return []
    made = await upgrade(apps)
    opened: Any = client._connection
    MIGRATED[key] = await opened._execute(opened._conn.serialize)
    return made


#: Those whose files or schemas were just made, or emptied.
NEW: WeakSet[TortoiseContext] = WeakSet()

#: Longest time until the leader looks for the first time what is due in one of those, in seconds.
FIRST_ROUND_S = 1.0


async def every_but_at_once(seconds: float, work: Callable[[], Awaitable[object]], failed: str) -> None:
    """`banshi.foundation.background.every`; most tests are over before the first round of what has an hour."""
    if get_current_context() in NEW:
        await asyncio.sleep(min(seconds, FIRST_ROUND_S))
    await every(seconds, work, failed)


build = Apps._build_initial_querysets

#: What is worked out of a model's fields for one way of talking to a database, in place and anew; all else is the same.
IN_PLACE = ("filters", "db_native_fields", "db_default_fields", "db_complex_fields")
WORKED_OUT = (*IN_PLACE, "basetable", "basequery", "basequery_all_fields")


class Way:
    """What is known of models for one way of talking to a database."""

    def __init__(self) -> None:
        #: The model of each table, the names of its fields, and what was worked out.
        self.built: dict[tuple[str | None, str], tuple[type[Model], tuple[str, ...], dict[str, Any]]] = {}

    def restored(self, model: type[Model]) -> bool:
        """Whether it is known what is to be worked out of a model; then that lies with it again."""
        meta = model._meta
        known, fields, kept = self.built.get((meta.schema, meta.db_table), (None, (), {}))
        if known is not model or fields != tuple(meta.fields_map):
            return False
        for name, value in kept.items():
            setattr(meta, name, value)
        return True

    def build(self, models: list[type[Model]]) -> None:
        for meta in [model._meta for model in models]:
            for key in [key for key in EXECUTOR_CACHE if key[1:] == (meta.schema, meta.db_table)]:
                del EXECUTOR_CACHE[key]
            for name in IN_PLACE:
                # Another way has its own.
                setattr(meta, name, copy(getattr(meta, name)))
        alone: Any = SimpleNamespace(apps={"": {str(number): model for number, model in enumerate(models)}})
        build(alone)
        for model in models:
            meta = model._meta
            kept = {name: getattr(meta, name) for name in WORKED_OUT}
            self.built[meta.schema, meta.db_table] = (model, tuple(meta.fields_map), kept)


#: By Tortoise's class for it; and the one that is taken now.
WAYS: dict[type, Way] = {}
TAKEN: list[Way] = []


def build_unless_built(apps: Apps) -> None:
    """`Apps._build_initial_querysets`: filters and first queries of the same models are there already.

    They lie with the models, of which a process has one set, and depend on nothing but their fields and the kind of
    database.
    """
    if models := [model for app in apps.apps.values() for model in app.values()]:
        way = taken(models[0]._meta.db.executor_class)
        way.build([model for model in models if not way.restored(model)])


def taken(kind: type) -> Way:
    """Go over to this way of talking to a database; no real process has two."""
    way = WAYS.setdefault(kind, Way())
    if way not in TAKEN:
        TAKEN[:] = [way]
        # The texts of INSERTs, which Tortoise keeps by table, are of one kind of database.
        EXECUTOR_CACHE.clear()
    return way


discover = Apps._discover_models


def discovered_models(module: str, label: str) -> list[type[Model]]:
    """`Apps._discover_models`; a module has its models for good."""
    return list(_models(sys.modules[module], label)) if module in sys.modules else discover(module, label)


@lru_cache(256)
def _models(module: ModuleType, label: str) -> list[type[Model]]:
    return discover(module, label)


read_comments = column_comments.read

#: What Tortoise found of classes, by the module and the name by which it looks for their text.
COMMENTS: dict[tuple[ModuleType, str], dict[str, str]] = {}


def comments_from_memory(cls: type[Any]) -> dict[str, str]:
    """`column_comments.read`; for each look at what was migrated Tortoise makes a table in a function anew."""
    key = (sys.modules[cls.__module__], cls.__qualname__)
    if key not in COMMENTS:
        COMMENTS[key] = read_comments(cls)
    return dict(COMMENTS[key])


#: The names of all tables of a schema, and of all sequences, but what notes which migrations were applied.
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename NOT LIKE 'tortoise%'"
SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = $1 AND sequencename NOT LIKE 'tortoise%'"


#: In a script, where a schema's name stands.
NAME = "prepared_name"

#: How many migrations were applied to a schema when it was made.
STEPS: dict[str, int] = {}


@cache
def all_tables() -> Mapping[str, Tables]:
    """The tables of everything in this repository, by plugin."""
    return configure(ROOT / "plugins.toml").tables


#: The schemas that nobody has opened since they were made or emptied, and Tortoise's apps whose tables they have.
UNOPENED: set[str] = set()
APPS: dict[str, Any] = {}

#: A script that makes a migrated schema, for all processes of one run of tests; None where each migrates its own.
SCRIPT: list[Path] = []


async def make_schema(connection: Any, url: str) -> str:
    """A new schema of PostgreSQL with the tables of everything in this repository."""
    schema = f"prepared_{uuid.uuid4().hex}"
    if SCRIPT and shutil.which("pg_dump"):
        with SCRIPT[0].with_suffix(".lock").open("w") as lock:
            # Whoever comes while another one migrates waits for what that one writes.
            flock(lock, LOCK_EX)
            if not SCRIPT[0].exists():
                await migrate(connection, url, schema)
                SCRIPT[0].with_suffix(".json").write_text(json.dumps(APPS), encoding="utf-8")
                SCRIPT[0].write_text(script_of(url, schema), encoding="utf-8")
            else:
                APPS.update(json.loads(SCRIPT[0].with_suffix(".json").read_text(encoding="utf-8")))
                await connection.execute(SCRIPT[0].read_text(encoding="utf-8").replace(NAME, schema))
                await connection.execute("RESET ALL")
    else:
        await migrate(connection, url, schema)
    UNOPENED.add(schema)
    STEPS[schema] = await connection.fetchval(f"SELECT count(*) FROM {schema}.tortoise_migrations")  # noqa: S608
    return schema


async def migrate(connection: Any, url: str, schema: str) -> None:
    await connection.execute(f"CREATE SCHEMA {schema}")
    # Migrated and not begun: whether it is encrypted is left to who takes it first.
    async with connected(f"{url}?schema={schema}", all_tables()) as (_, apps):
        await upgrade(apps)
    APPS.update(apps)


def script_of(url: str, schema: str) -> str:
    """What makes a schema like that one, with NAME in place of its name."""
    server = url.replace("asyncpg:", "postgres:", 1)
    command = ["pg_dump", "--schema", schema, "--inserts", "--no-owner", "--no-privileges", server]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # Newer ones write commands of psql's around it.
    return "\n".join(line for line in said.splitlines() if not line.startswith("\\")).replace(schema, NAME)


#: What winds back the numbers of a schema and what empties its tables: they are those that it was made with.
EMPTYING: dict[str, tuple[str, str]] = {}


async def empty_schema(connection: Any, schema: str) -> int:
    """Empty the tables of such a schema and wind its numbers back; how many rows there were."""
    if schema not in EMPTYING:
        EMPTYING[schema] = await emptying(connection, schema)
    # Both are prepared once on the administrator's connection.
    _, emptied = [await connection.fetchval(statement) for statement in EMPTYING[schema]]
    UNOPENED.add(schema)
    return int(emptied)


async def emptying(connection: Any, schema: str) -> tuple[str, str]:
    tables = [f"{schema}.{row[0]}" for row in await connection.fetch(TABLES, schema)]
    numbers = [f"setval('{schema}.{row[0]}', 1, false)" for row in await connection.fetch(SEQUENCES, schema)]
    # In one statement: a row and what refers to it go together, and are checked when both have gone.
    gone = ", ".join(f"t{place} AS (DELETE FROM {table} RETURNING 1)" for place, table in enumerate(tables))  # noqa: S608
    rows = " + ".join(f"(SELECT count(*) FROM t{place})" for place in range(len(tables)))  # noqa: S608
    return f"SELECT {' + '.join(numbers)}", f"WITH {gone} SELECT {rows}"
