"""What was answered outlives a power cut: before a file is said to be there, its bytes and its name are on the disk."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from banshi.app import configure
from banshi.foundation.database.opening import open_store
from banshi.foundation.files.durable_files import replacing
from banshi.foundation.files.secret_files import replace_private, write_private
from banshi.kernel.loading.configuration import read_configuration
from banshi.ops.cli import group
from tests.harness.borrowed import elsewhere
from tests.town.parts import postings
from tests.town.town import open_town, picture


class Disk:
    """What a power cut at this moment would leave: files by inode with their size, and names."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._bytes: dict[int, int] = {}
        self._names: set[tuple[int, str, int]] = set()
        self._sync = os.fsync
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, descriptor: int) -> None:
        self._sync(descriptor)
        state = os.fstat(descriptor)
        place = Path(f"/proc/self/fd/{descriptor}").resolve()
        if place.is_dir():
            self._names |= {(state.st_ino, one.name, one.stat().st_ino) for one in place.iterdir()}
        else:
            self._bytes[state.st_ino] = state.st_size

    def has(self, file: Path) -> bool:
        state = file.stat()
        name = file.parent.stat().st_ino, file.name, state.st_ino
        return self._bytes.get(state.st_ino) == state.st_size and name in self._names


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


async def test_an_upload_and_a_published_photo_are_on_the_disk_when_they_are_answered(
    tmp_path: Path, disk: Disk
) -> None:
    async with open_town(tmp_path, postings()) as offices:
        li = offices.door.citizen("li")
        upload = (await li.upload(picture())).created()["id"]
        settings = offices.door.platform.settings
        assert disk.has(settings.attachments_folder / upload)
        await offices.published(li, photos=[upload])
        assert disk.has(settings.data / "postings" / upload)


def test_a_secret_is_on_the_disk_when_it_is_written_and_when_it_is_replaced(tmp_path: Path, disk: Disk) -> None:
    file = tmp_path / "keys" / "one.key"
    write_private(file, b"first")
    assert disk.has(file)
    replace_private(file, b"second")
    assert disk.has(file)


def test_machines_whose_processes_have_the_same_number_agree_on_one_key(tmp_path: Path) -> None:
    """As containers that share a folder do, where each one's process is number 7."""
    keys = [bytes([number]) * 100_000 for number in range(8)]
    files = [tmp_path / f"{number}.key" for number in range(20)]
    with ThreadPoolExecutor(len(keys)) as machines:
        for file in files:
            list(machines.map(partial(write_private, file), keys))
            assert file.read_bytes() in keys
            list(machines.map(partial(replace_private, file), keys))
            assert file.read_bytes() in keys
    assert set(tmp_path.iterdir()) == set(files)


def test_what_may_be_made_anew_is_whole_or_as_it_was_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "catalogue"
    with replacing(file) as draft:
        draft.write_bytes(b"whole")
    with suppress(ZeroDivisionError), replacing(file) as draft:
        draft.write_bytes(b"ha" + bytes([1 // 0]))
    with suppress(ZeroDivisionError), replacing(file) as draft, draft.open("wb") as out:
        out.write(b"ha")
        out.write(bytes([1 // 0]))
    assert [(one, one.read_bytes()) for one in tmp_path.iterdir()] == [(file, b"whole")]


@pytest.mark.sqlite
def test_a_backup_and_what_is_restored_of_it_are_on_the_disk(tmp_path: Path, disk: Disk) -> None:
    (tmp_path / "data" / "attachments").mkdir(parents=True)
    (tmp_path / "data" / "attachments" / "one").write_bytes(b"bytes")
    config = tmp_path / "plugins.toml"
    config.write_text('[platform]\ndata = "data"\n', encoding="utf-8")

    async def found() -> None:
        async with open_store(read_configuration(config).settings.database_url, configure(config).tables):
            pass

    elsewhere(found())
    backup, again = tmp_path / "backup", tmp_path / "again.toml"
    again.write_text('[platform]\ndata = "again"\n', encoding="utf-8")
    for command in (["--config", str(config), "backup"], ["--config", str(again), "restore"]):
        said = CliRunner().invoke(group, [*command, str(backup)], obj={})
        assert said.exit_code == 0, said.output
    there = [*backup.rglob("*"), *(tmp_path / "again").rglob("*")]
    assert {one.name for one in there if one.is_file()} >= {"one", "database", "backup.json", "banshi.sqlite3"}
    assert not [one for one in there if one.is_file() and not disk.has(one)]
