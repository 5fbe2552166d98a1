"""A new SQLite file that is made from snapshots is the one that all migrations would make."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from pathlib import Path

import pytest

from banshi.foundation.database import snapshot
from banshi.foundation.database.opening import connected
from banshi.foundation.database.upgrade import missing, upgrade
from tests.conftest import sqlite_url
from tests.harness.memory.prepared import all_tables


async def applied(folder: Path, *plugins: str, snapshots: bool) -> list[str]:
    """What makes the tables of these plugins, or of all."""
    folder.mkdir()  # noqa: ASYNC240
    tables = all_tables()
    some = {name: tables[name] for name in plugins or tables}
    async with connected(sqlite_url(folder), some) as (_, apps):
        return await upgrade(apps, snapshots=snapshots)


def dumped(folder: Path) -> list[str]:
    """All tables, indexes and rows as SQL, without the moments of migrations and counters that stand at 0."""
    file = next(folder.glob("*.sqlite3"), None) or next(one for one in folder.iterdir() if one.is_file())
    with sqlite3.connect(file) as connection:
        rows = sorted(connection.execute("SELECT app, name FROM tortoise_migrations").fetchall())
        lines = [line for line in connection.iterdump() if not re.search("tortoise_migrations|sqlite_sequence", line)]
    return [*sorted(lines), *map(str, rows)]


@pytest.fixture(scope="module")
def by_migrations(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], list[str]]:
    """What all migrations one after the other apply and make."""
    slow = tmp_path_factory.mktemp("migrated") / "slow"
    return sorted(asyncio.run(applied(slow, snapshots=False))), dumped(slow)


async def test_what_snapshots_make_is_to_the_letter_what_migrations_make(
    tmp_path: Path, by_migrations: tuple[list[str], list[str]]
) -> None:
    names, made = by_migrations
    quick = await applied(tmp_path / "quick", snapshots=True)
    assert sorted(quick) == names
    advice = "run `python tools/make_migrations.py`: a snapshot is not what its migrations make"
    assert dumped(tmp_path / "quick") == made, advice


async def test_a_file_made_from_snapshots_lacks_nothing(tmp_path: Path) -> None:
    await applied(tmp_path / "made", snapshots=True)
    async with connected(sqlite_url(tmp_path / "made"), all_tables()) as (_, apps):
        assert await missing(apps) == []


async def test_every_app_of_the_repository_has_a_snapshot_of_its_newest_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(sqlite_url(tmp_path), all_tables()) as (_, apps):
        for about in apps.values():
            file = snapshot.snapshot_file(about["migrations"])
            newest = max(one.stem for one in file.parent.glob("[0-9]*.py"))
            assert file.read_text(encoding="utf-8").startswith(f"{snapshot.NEWEST}{newest}\n"), file


@pytest.mark.parametrize("text", [None, "", "-- After 0001_older\nCREATE TABLE wrong (id INT);\n", "nonsense"])
async def test_a_snapshot_that_is_missing_or_older_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, by_migrations: tuple[list[str], list[str]]
) -> None:
    stale = tmp_path / "schema.sql"
    if text is not None:
        stale.write_text(text, encoding="utf-8")
    monkeypatch.setattr(snapshot, "snapshot_file", lambda _: stale)
    made = await applied(tmp_path / "made", snapshots=True)
    monkeypatch.undo()
    assert (sorted(made), dumped(tmp_path / "made")) == by_migrations
