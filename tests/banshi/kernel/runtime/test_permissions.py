"""What is stored is the platform's account's alone: folders 0700 and files 0600, made so and put right by the start."""

from __future__ import annotations

import asyncio
import os
import stat
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest
from structlog.testing import capture_logs

from banshi.builtin.identity.development import development_token
from banshi.foundation.database.opening import sqlite_file
from banshi.kernel.loading.configuration import read_configuration
from banshi.kernel.loading.settings import Settings
from banshi.kernel.runtime import permissions
from banshi.kernel.runtime.examinations import Deployment
from banshi.kernel.runtime.permissions import loose_in, tighten
from banshi.ops.doctor.machine import examine
from banshi.testing import TINY_PNG, Person
from tests.places import TRAFFIC
from tests.processes import commands

pytestmark = pytest.mark.sqlite

#: Who is no account of this machine.
SOMEBODY = 54_321


def modes(folder: Path) -> dict[str, str]:
    """The modes of a folder and all below it, by their paths."""
    return {
        str(one.relative_to(folder)): f"{stat.S_IMODE(one.stat().st_mode):o}" for one in [folder, *folder.rglob("*")]
    }


def right(folder: Path) -> dict[str, str]:
    return {str(one.relative_to(folder)): "700" if one.is_dir() else "600" for one in [folder, *folder.rglob("*")]}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A city as a shell's umask of 022 left it."""
    found = Settings(data=tmp_path / "data")
    for folder in (found.attachments_folder / "quarantine", found.data / "postings", found.keys_folder):
        folder.mkdir(parents=True)
    file = sqlite_file(found.database_url)
    assert file is not None
    files = [Path(f"{file}{end}") for end in ("", "-wal", "-shm")]
    files += [found.attachments_folder / "one", found.attachments_folder / "quarantine" / "two"]
    files += [found.data / "postings" / "photo", found.keys_folder / "audit.key"]
    for one in files:
        one.write_text("secret")
        one.chmod(0o644)
    for place, _, _ in os.walk(found.data):
        Path(place).chmod(0o755)
    return found


def test_a_start_takes_from_others_what_an_earlier_one_gave_them(settings: Settings) -> None:
    assert len(list(loose_in(settings))) == 8
    tighten(settings)
    assert modes(settings.data) == right(settings.data)
    assert list(loose_in(settings)) == []


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_what_a_server_makes_is_its_account_s_alone_under_any_umask(tmp_path: Path, umask: int) -> None:
    """Also a folder that somebody made before with an open one."""
    (tmp_path / "plugins.toml").write_text(f'[plugins.traffic]\napi = 1\npath = "{TRAFFIC}"\n')
    if umask == 0:
        (tmp_path / "data").mkdir()
        (tmp_path / "data").chmod(0o777)
    process = commands.begin(tmp_path, "serve", "--port", "0", before=partial(os.umask, umask))
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            url = (await asyncio.to_thread(process.stdout.readline)).split()[-1]
        token = development_token(read_configuration(tmp_path / "plugins.toml").settings, "wang")
        async with aiohttp.ClientSession() as session:
            (await Person(session, url, token).upload(TINY_PNG)).created()
        there = modes(tmp_path / "data")
        assert {"banshi.sqlite3", "banshi.sqlite3-wal", "banshi.sqlite3-shm", "attachments"} <= there.keys()
        assert there == right(tmp_path / "data")
    finally:
        process.terminate()
        assert await process.ended(30) == 0
        process.close()


async def examined(settings: Settings) -> list[str]:
    deployment = Deployment(SimpleNamespace(configuration=SimpleNamespace(settings=settings)))  # type: ignore[arg-type]
    return [one.told for one in await examine(deployment) if one.check == "data-folder"]


async def test_the_doctor_names_each_with_its_mode_and_what_to_type(settings: Settings) -> None:
    told = await examined(settings)
    assert f"others on this machine can look into {settings.data} (mode 755): run chmod 700 {settings.data}" in told
    file = sqlite_file(settings.database_url)
    for end in ("", "-wal", "-shm"):
        assert f"others on this machine can look into {file}{end} (mode 644): run chmod 600 {file}{end}" in told
    tighten(settings)
    assert await examined(settings) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="a file of somebody else's is made by root alone")
async def test_what_is_somebody_else_s_stays_as_it_is_and_the_start_says_so(settings: Settings) -> None:
    """What is below it and our own is closed all the same."""
    os.chown(settings.data, SOMEBODY, SOMEBODY)
    os.chown(settings.attachments_folder / "one", SOMEBODY, SOMEBODY)
    with capture_logs() as logs:
        tighten(settings)
    there = modes(settings.data)
    assert {name for name, mode in there.items() if mode != right(settings.data)[name]} == {".", "attachments/one"}
    assert [one["do"] for one in logs] == [f"run chmod 700 {settings.data} as its owner"]
    (told,) = await examined(settings)
    assert told.endswith(f"run chmod 700 {settings.data} as its owner")


def test_what_all_share_is_not_the_platform_s_to_close(tmp_path: Path, settings: Settings) -> None:
    """Such as /tmp, where somebody named it as the folder of the data."""
    tmp_path.chmod(0o1777)
    tighten(replace(settings, data=tmp_path))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_a_folder_that_is_shared_with_its_group_on_purpose_stays_so(settings: Settings) -> None:
    settings.data.chmod(0o2775)
    (settings.attachments_folder / "one").chmod(0o664)
    tighten(settings)
    there = modes(settings.data)
    assert (there["."], there["attachments"], there["attachments/one"]) == ("2770", "750", "660")
    assert permissions.forbidden_in(settings) == 0o007


def test_a_link_leads_nobody_to_files_that_are_not_the_platform_s(tmp_path: Path, settings: Settings) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("another's")
    elsewhere.chmod(0o644)
    (settings.attachments_folder / "link").symlink_to(elsewhere)
    (settings.attachments_folder / "nowhere").symlink_to(tmp_path / "gone")
    tighten(settings)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644


def test_many_files_keep_a_start_for_some_seconds_at_most_and_lie_behind_a_closed_folder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permissions, "FILES_TIMEOUT_S", -1.0)
    tighten(settings)
    there = modes(settings.data)
    assert (there["attachments"], there["attachments/one"]) == ("700", "644")
    assert list(loose_in(settings)) == []
