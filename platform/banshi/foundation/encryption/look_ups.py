"""Which key the look-up columns of a database are sealed with: one for all of its rows, noted in the database itself.

So a search for a person is one comparison, and a process with another ring than the database's never begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.models import Model

from banshi.foundation.encryption.fields import OURS, personal_fields
from banshi.foundation.encryption.ring import Ring
from banshi.foundation.encryption.sealing import SEALED
from banshi.foundation.findings import ConfigurationError, Finding
from banshi.foundation.keys import Key

#: Among the counters: the number of the key that the look-ups of this database are sealed with.
NOTE = "sealed look-ups"

#: What a plugin wants done to its tables where look-ups were sealed with another key: statements of SQL for both
#: databases, carried out in that transaction. People then stand in another order, and a place among them is none.
AFTER_LOOK_UPS: Key[Sequence[str]] = Key("after look-ups are sealed anew")


def columns_of(models: Iterable[type[Model]]) -> list[tuple[type[Model], str]]:
    """The look-up columns of these models."""
    return [(model, name) for model in models for name, one in personal_fields(model).items() if one.looked_up]


async def noted(connection: BaseDBAsyncClient) -> int | None:
    """The number that the database says; None where its look-ups are plain."""
    rows = await connection.execute_query_dict(f"SELECT value FROM banshi_counter WHERE name = '{NOTE}'")  # noqa: S608
    return int(rows[0]["value"]) if rows else None


async def note(connection: BaseDBAsyncClient, number: int) -> None:
    sql = (
        f"INSERT INTO banshi_counter (name, value) VALUES ('{NOTE}', {number}) "  # noqa: S608 - our own word, a number
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    )
    await connection.execute_query(sql)


def others(column: str, number: int) -> str:
    """SQL that is true where a column's text names somebody and isn't sealed with the key of that number."""
    mine = f"{SEALED}i{number}:"
    return f"(\"{column}\" <> '' AND substr(\"{column}\", 1, 1) <> '{OURS}' AND substr(\"{column}\", 1, {len(mine)}) <> '{mine}')"  # noqa: E501


async def fit(connection: BaseDBAsyncClient, ring: Ring | None, models: Iterable[type[Model]] | None) -> None:
    """Let the ring seal look-ups as the database's are. One that nobody is in yet begins with the ring's newest key.

    Without `models`, where not all tables are known, that is left to whoever knows them. Raises ConfigurationError
    where ring and database don't fit.
    """
    there = await noted(connection)
    if ring is None:
        if there is not None:
            raise _refused("this database is encrypted: say in platform.personal_keys where its ring of keys is")
        return
    if there is None:
        if models is None:
            return
        if not await _is_empty(connection, models):
            told = "stop every server and run `banshi encrypt --look-ups`: people are in this database in plain text"
            raise _refused(told)
        there = ring.newest_look_up
        await note(connection, there)
    if ring.look_up(there) is None:
        raise _refused(f"{ring.file} is another database's: it has no look-up key {there}; bring back the right ring")
    if there != ring.newest_look_up:
        told = f"stop every server and run `banshi encrypt --look-ups`: it goes from look-up key {there} to the ring's"
        raise _refused(f"{told} newest, {ring.newest_look_up}")
    ring.live = there


async def _is_empty(connection: BaseDBAsyncClient, models: Iterable[type[Model]]) -> bool:
    for model, name in columns_of(models):
        column = model._meta.fields_db_projection[name]
        sql = f'SELECT 1 AS one FROM "{model._meta.db_table}" WHERE {others(column, 0)} LIMIT 1'  # noqa: S608 - names
        if await connection.execute_query_dict(sql):
            return False
    return True


def _refused(advice: str) -> ConfigurationError:
    return ConfigurationError([Finding("platform", "personal-keys", advice)])


def models_of(apps: Any) -> list[type[Model]]:
    """All models of Tortoise's apps."""
    return [model for models in (apps or {}).values() for model in models.values()]
