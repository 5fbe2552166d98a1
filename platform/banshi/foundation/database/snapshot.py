"""The tables of a new SQLite file as all migrations together would leave them, which takes a tenth of their time.

Beside the migrations of an app lies `schema.sql`. `tools/make_migrations.py` writes it, and its first line names the
newest migration that it holds. An app without one, or with one that is older, has its migrations applied instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from tortoise.backends.base.client import BaseDBAsyncClient

FILE = "schema.sql"

#: How the first line begins.
NEWEST = "-- After "


def snapshot_file(migrations: str) -> Path:
    """Where the snapshot of an app lies, by the package of its migrations."""
    return Path(import_module(migrations).__path__[0]) / FILE


def snapshot_text(newest: str, statements: Iterable[str]) -> str:
    return "\n".join([f"{NEWEST}{newest}", *(f"{statement};" for statement in statements), ""])


async def make_tables(
    connection: BaseDBAsyncClient, apps: Mapping[str, Mapping[str, str]], known: Mapping[str, str]
) -> list[str]:
    """Make the tables of those apps whose snapshot is of their newest migration; which they were.

    `known` has the name of each app's newest migration.
    """
    made = []
    for app, about in apps.items():
        file = snapshot_file(about["migrations"])
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if text.partition("\n")[0] == f"{NEWEST}{known.get(app)}":
            await connection.execute_script(text)
            made.append(app)
    return made
