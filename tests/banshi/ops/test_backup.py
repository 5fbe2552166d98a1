"""A backup is whole or none, and a restore changes nothing unless all of it can be done: each thing that is wrong is
said in one sentence, and what is there is never overwritten."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from banshi.app import configure
from banshi.builtin.passes.models import Counter
from banshi.foundation.database.opening import open_store
from banshi.foundation.database.writes import Write
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.settings import Settings
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.pause import paused
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.outbox import OutboxRow
from banshi.ops.backup import BackupError, folder, make, restore
from banshi.ops.cli import group
from banshi.ops.holding import GAP
from tests.harness.borrowed import elsewhere

CITY = '[platform]\ndata = "data"\n{more}\n'

pytestmark = pytest.mark.sqlite


class City:
    """A folder with a configuration, a database and some files beside it."""

    def __init__(self, place: Path, more: str = "") -> None:
        place.mkdir()
        self.place, self.data = place, place / "data"
        self.file = place / "plugins.toml"
        self.file.write_text(CITY.format(more=more), encoding="utf-8")

    @property
    def settings(self) -> Settings:
        return read_configuration(self.file).settings

    def founded(self) -> City:
        for name in ("keys", "attachments", "postings", "items"):
            (self.data / name).mkdir(parents=True, mode=0o700)
        (self.data / "keys" / "sealed.key").write_bytes(b"secret")
        (self.data / "keys" / "sealed.key").chmod(0o600)
        (self.data / "attachments" / "one").write_bytes(b"bytes" * 1000)
        os.link(self.data / "attachments" / "one", self.data / "attachments" / "two")
        (self.data / "attachments" / "three.part").write_bytes(b"half")
        (self.data / "postings" / "photo").write_bytes(b"photo")
        (self.data / "items" / "shelf").write_bytes(b"made again")

        async def fill() -> None:
            async with open_store(self.settings.database_url, configure(self.file).tables) as store:
                row = OutboxRow(consumer="channel:test", topic="message", payload={}, dedup="a")
                await store.commit(Write(rows=[row, Counter(name="passes", value=7)]))

        elsewhere(fill())
        return self

    def banshi(self, *arguments: str) -> Result:
        return CliRunner().invoke(group, ["--config", str(self.file), *arguments], obj={})

    def refuses(self, why: str, *arguments: str) -> None:
        said = self.banshi(*arguments)
        assert (said.exit_code, why in said.output) == (1, True), said.output

    def is_untouched(self) -> bool:
        return not self.data.exists() or not any(path.is_file() for path in self.data.rglob("*"))


@pytest.fixture
def old(tmp_path: Path) -> City:
    return City(tmp_path / "old").founded()


@pytest.fixture
def new(tmp_path: Path) -> City:
    return City(tmp_path / "new")


@pytest.fixture
def backup(old: City, tmp_path: Path) -> Path:
    said = old.banshi("backup", str(tmp_path / "backup"))
    assert said.exit_code == 0, said.output
    assert "The keys are in it" in said.stderr
    return tmp_path / "backup"


def test_what_is_restored_is_what_was_there_with_its_modes_and_its_links_and_held(backup: Path, new: City) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert stat.S_IMODE((backup / "database").stat().st_mode) == 0o600
    assert new.banshi("restore", str(backup)).exit_code == 0
    data = new.data
    there = {path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()}
    assert there == {
        "banshi.sqlite3",
        "keys/sealed.key",
        "keys/audit.key",
        "attachments/one",
        "attachments/two",
        "postings/photo",
    }
    assert stat.S_IMODE((data / "keys" / "sealed.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "banshi.sqlite3").stat().st_mode) == 0o600
    assert (data / "attachments" / "one").samefile(data / "attachments" / "two")

    async def look() -> None:
        async with open_store(new.settings.database_url, {}) as store:
            found = await paused(store)
            assert found is not None
            assert found.reason.startswith("restored from a backup of 20")
            assert await outbox.claim(store, "channel:test", limit=9, lease=30) == []
            # Passes that were issued after the backup keep their numbers for themselves.
            assert (await Counter.get(name="passes")).value == 7 + GAP
            assert await Attachment.all().count() == 0

    elsewhere(look())


def test_any_tool_verifies_the_checksums(backup: Path) -> None:
    assert shutil.which("sha256sum")
    done = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=backup, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_copy_that_is_put_back_by_hand_is_held_too(backup: Path, new: City) -> None:
    new.data.mkdir()
    shutil.copy(backup / "database", new.data / "banshi.sqlite3")

    async def look() -> None:
        async with open_store(new.settings.database_url, configure(new.file).tables) as store:
            assert await paused(store) is not None
            assert await outbox.claim(store, "channel:test", limit=9, lease=30) == []

    elsewhere(look())


def test_keys_can_be_left_out_and_the_restore_says_so(old: City, new: City, tmp_path: Path) -> None:
    assert old.banshi("backup", str(tmp_path / "b"), "--without-keys").exit_code == 0
    assert not list((tmp_path / "b").rglob("sealed.key"))
    said = new.banshi("restore", str(tmp_path / "b"))
    assert "bring them back into the keys folder before the start" in said.stderr


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda root: (root / "backup.json").unlink(), "is no whole backup"),
        (lambda root: (root / "backup.json").write_text("{"), "can't be read"),
        (lambda root: (root / "backup.json").write_text('{"form": 99}'), "of another version's form"),
        (lambda root: (root / "backup.json").write_text('{"form": 1, "x": 2}'), "says something else"),
        (lambda root: (root / "SHA256SUMS").write_text(""), "isn't as it was written"),
        (lambda root: (root / "database").write_bytes(b"SQLite"), "is damaged or missing"),
        (lambda root: (root / "data" / "postings" / "photo").unlink(), "is damaged or missing"),
        (lambda root: _escape(root), "lies outside of the backup"),
    ],
)
def test_a_backup_that_is_not_whole_restores_nothing(backup: Path, new: City, harm: object, why: str) -> None:
    assert callable(harm)
    harm(backup)
    new.refuses(why, "restore", str(backup))
    assert new.is_untouched()


def _escape(root: Path) -> None:
    """Names a file outside, with checksums that are right."""
    (root.parent / "outside").write_bytes(b"x")
    sums = root / "SHA256SUMS"
    sums.write_text(sums.read_text() + f"{folder.digest_of(root.parent / 'outside')}  data/../../outside\n")
    said = json.loads((root / "backup.json").read_text())
    (root / "backup.json").write_text(json.dumps(said | {"sums": folder.digest_of(sums)}))


def test_a_restore_overwrites_nothing_and_can_be_begun_again(backup: Path, old: City, new: City) -> None:
    old.refuses("there is a database at", "restore", str(backup))
    (new.data / "keys").mkdir(parents=True)
    key = new.data / "keys" / "sealed.key"
    key.write_bytes(b"another's")
    new.refuses("sealed.key is there already, and is another", "restore", str(backup))
    assert key.read_bytes() == b"another's"
    assert not (new.data / "banshi.sqlite3").exists()
    # Cut short: some files are there, and half of one, and half of the database.
    key.write_bytes(b"secret")
    (new.data / "attachments").mkdir()
    for name in ("one", "two"):
        # Two names of one file: the one that the folder has first is copied.
        (new.data / "attachments" / f"{name}.part").write_bytes(b"ha")
    (new.data / "banshi.sqlite3.restoring").write_bytes(b"ha")
    assert new.banshi("restore", str(backup)).exit_code == 0
    assert not list(new.data.rglob("*.part")) + list(new.data.rglob("*.restoring"))


def test_a_restore_whose_statements_fail_leaves_no_database(backup: Path, new: City) -> None:
    with pytest.raises(BackupError, match="can't be restored"):
        restore(new.settings, backup, ["UPDATE there_is_none SET x = 1"])
    assert not list(new.data.glob("banshi*"))


def test_a_backup_never_goes_over_another_nor_into_what_it_copies(old: City, backup: Path) -> None:
    old.refuses("is there already", "backup", str(backup))
    old.refuses("name a folder elsewhere", "backup", str(old.data / "backup"))
    assert not (old.data / "backup").exists()


def test_without_a_database_there_is_nothing_to_back_up(new: City, tmp_path: Path) -> None:
    said = new.banshi("backup", str(tmp_path / "b"))
    assert said.exit_code != 0
    assert "there is no database at" in str(said.exception)
    assert not (tmp_path / "b").exists()


def test_a_damaged_database_is_no_backup(old: City, tmp_path: Path) -> None:
    with closing(sqlite3.connect(old.data / "banshi.sqlite3")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with (old.data / "banshi.sqlite3").open("r+b") as stream:
        stream.seek(3 * size)
        stream.write(b"\xff" * size * 20)
    with pytest.raises(BackupError):
        make(old.settings, tmp_path / "b", keys=True)
    assert not (tmp_path / "b" / "backup.json").exists()


def test_a_backup_of_the_other_database_is_refused(backup: Path, tmp_path: Path) -> None:
    city = City(tmp_path / "pg", 'database = "postgres://nobody@127.0.0.1:1/none"')
    city.refuses("is of a sqlite database, and platform.database names a postgres one", "restore", str(backup))


# PostgreSQL, by its own programs


@pytest.fixture
def postgres_city(tmp_path: Path, postgres: str) -> City:
    return City(tmp_path / "pg", f'database = "{postgres}"')


def test_without_postgresqls_programs_the_commands_say_what_to_install(
    postgres_city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    postgres_city.refuses(
        "pg_dump isn't on this machine: install PostgreSQL's client programs", "backup", str(tmp_path / "b")
    )
    assert not (tmp_path / "b" / "backup.json").exists()


def test_a_restore_into_tables_that_are_there_is_refused(postgres_city: City, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's client programs are not installed")
    assert postgres_city.banshi("backup", str(tmp_path / "b")).exit_code == 0
    postgres_city.refuses("has tables of the platform already", "restore", str(tmp_path / "b"))


def test_a_dump_that_breaks_off_restores_nothing_on_postgresql(
    postgres_city: City, tmp_path: Path, empty_postgres: str
) -> None:
    from banshi.foundation.database.opening import schema_of
    from banshi.ops.backup import postgres as programs

    if shutil.which("pg_dump") is None:
        pytest.skip("PostgreSQL's client programs are not installed")
    url = postgres_city.settings.database_url
    programs.dump(url, tmp_path / "dump")
    whole = (tmp_path / "dump").read_bytes()
    (tmp_path / "dump").write_bytes(whole[: len(whole) * 9 // 10])
    with pytest.raises(BackupError, match="could not be restored and is as it was"):
        programs.load(empty_postgres, tmp_path / "dump", schema_of(url), [])
    (tmp_path / "dump").write_bytes(whole)
    with pytest.raises(BackupError, match="could not be restored and is as it was"):
        programs.load(empty_postgres, tmp_path / "dump", "", ["SELECT 1 / 0"])
    programs.has_room(empty_postgres)


@pytest.mark.parametrize("left", ["-wal", "-shm", "-journal"])
def test_what_a_database_that_was_killed_has_left_keeps_a_restore_away(backup: Path, new: City, left: str) -> None:
    """SQLite would write it over the restored file, the hold included."""
    new.data.mkdir()
    (new.data / f"banshi.sqlite3{left}").write_bytes(b"older")
    new.refuses(f"banshi.sqlite3{left} away first", "restore", str(backup))
    assert not (new.data / "banshi.sqlite3").exists()


def test_keys_are_left_out_also_where_data_is_a_link_to_their_disk(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    old = City(tmp_path / "old", f'keys = "{tmp_path / "disk" / "keys"}"')
    old.data.symlink_to(tmp_path / "disk")
    old.founded()
    assert old.banshi("backup", str(tmp_path / "b"), "--without-keys").exit_code == 0
    assert not list((tmp_path / "b").rglob("sealed.key"))


def test_checksums_that_leave_the_database_out_or_say_nothing_restore_nothing(backup: Path, new: City) -> None:
    whole = (backup / "SHA256SUMS").read_text()
    for text in ("", "\n", "".join(line for line in whole.splitlines(True) if "database" not in line)):
        resummed(backup, text)
        said = new.banshi("restore", str(backup))
        assert said.exit_code == 1, said.output
        assert "Traceback" not in said.output
        assert new.is_untouched()
    resummed(backup, whole)
    assert new.banshi("restore", str(backup)).exit_code == 0


def test_a_backup_that_leads_elsewhere_restores_nothing(backup: Path, new: City, tmp_path: Path) -> None:
    shutil.copytree(backup / "data", tmp_path / "elsewhere")
    shutil.rmtree(backup / "data")
    (backup / "data").symlink_to(tmp_path / "elsewhere")
    new.refuses("leads elsewhere", "restore", str(backup))
    assert new.is_untouched()


def resummed(backup: Path, text: str) -> None:
    """Write other checksums, as somebody would who may write to the backup."""
    (backup / "SHA256SUMS").write_text(text)
    manifest = json.loads((backup / "backup.json").read_text())
    manifest["sums"] = hashlib.sha256(text.encode()).hexdigest()
    (backup / "backup.json").write_text(json.dumps(manifest))
