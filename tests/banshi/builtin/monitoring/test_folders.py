"""Readiness knows the folders of files and keys, and costs the disk the same however often it is asked."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from banshi.builtin.monitoring import folders
from banshi.testing import Door


async def ready(door: Door) -> tuple[int, dict[str, Any]]:
    reply = await door.anyone.get("/readyz")
    return reply.status, reply.document


@pytest.fixture(autouse=True)
def at_each_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "LOOK_EVERY_S", 0.0)


async def test_a_process_whose_files_or_keys_are_gone_is_not_ready_until_they_are_back(bare_door: Door) -> None:
    settings = bare_door.platform.settings
    assert await ready(bare_door) == (200, {"status": "ready"}), "nobody has uploaded anything yet"
    (await bare_door.citizen("wang").upload()).created()
    assert (await ready(bare_door))[0] == 200
    for name, folder in (("files", settings.attachments_folder), ("keys", settings.keys_folder)):
        away = folder.rename(folder.with_name("away"))
        status, problem = await ready(bare_door)
        assert (status, problem["detail"]) == (503, f"The folder of {name} is gone.")
        assert str(folder) not in str(problem)
        folder.touch()
        status, problem = await ready(bare_door)
        assert (status, problem["detail"]) == (503, f"The folder of {name} can't be used.")
        folder.unlink()
        away.rename(folder)
        assert (await ready(bare_door))[0] == 200


async def test_a_file_in_the_place_of_the_files_is_no_folder_from_the_start(bare_door: Door) -> None:
    """Before anybody has uploaded anything, and also where it is a link that leads nowhere."""
    folder = bare_door.platform.settings.attachments_folder
    for put in (folder.touch, partial(folder.symlink_to, "nowhere")):
        put()
        status, problem = await ready(bare_door)
        assert status == 503
        assert problem["detail"] in {"The folder of files can't be used.", "The folder of files is gone."}
        assert (await bare_door.citizen("wang").upload()).status >= 500
        folder.unlink()
        assert (await ready(bare_door))[0] == 200


async def test_keys_that_went_are_missed_though_somebody_made_their_folder_anew(bare_door: Door) -> None:
    keys = bare_door.platform.settings.keys_folder
    away = keys.rename(keys.with_name("away"))
    keys.mkdir()
    assert (await ready(bare_door))[1]["detail"] == "The folder of keys is gone."
    keys.rmdir()
    away.rename(keys)
    assert (await ready(bare_door))[0] == 200


async def test_a_folder_that_this_account_may_not_use_is_told_without_a_write(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    (await bare_door.citizen("wang").upload()).created()
    assert (await ready(bare_door))[0] == 200
    monkeypatch.setattr(folders, "TemporaryFile", None)
    may = os.access
    for name, told in (("attachments", "files"), ("keys", "keys")):
        monkeypatch.setattr(folders.os, "access", lambda path, how, name=name: name not in str(path) and may(path, how))
        assert (await ready(bare_door))[1]["detail"] == f"The folder of {told} can't be used."


async def test_what_is_wrong_is_one_line_in_the_log_and_one_once_it_is_right(bare_door: Door) -> None:
    keys = bare_door.platform.settings.keys_folder
    away = keys.rename(keys.with_name("away"))
    with capture_logs() as logs:
        for _ in range(3):
            assert (await ready(bare_door))[0] == 503
        away.rename(keys)
        for _ in range(3):
            assert (await ready(bare_door))[0] == 200
    assert [one["event"] for one in logs if "folder" in one["event"]] == [
        "a folder can't be used",
        "the folders of files and keys can be used again",
    ]


async def test_a_mount_that_went_leaves_an_empty_folder_and_is_noticed(bare_door: Door) -> None:
    assert (await ready(bare_door))[0] == 200
    disks = bare_door.platform[folders.FOLDERS]._disks
    disks.update({folder: disk + 1 for folder, disk in disks.items()})
    status, problem = await ready(bare_door)
    assert (status, problem["detail"]) == (503, "The folder of files is gone.")


async def test_what_can_t_be_written_to_is_not_ready_and_what_is_full_is(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    unusable, full = (503, "can't be used"), (200, "'disk': 'full'")
    told = dict.fromkeys((errno.EROFS, errno.EACCES, errno.EIO), unusable)
    for number, (status, words) in (told | dict.fromkeys((errno.ENOSPC, errno.EDQUOT), full)).items():

        def refuse(number: int = number, **_: Any) -> Any:
            raise OSError(number, "refused")

        monkeypatch.setattr(folders, "TemporaryFile", refuse)
        found, document = await ready(bare_door)
        assert found == status, number
        assert words in str(document), number


async def test_a_disk_that_never_answers_costs_a_probe_its_patience_and_all_of_them_one_look(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, looks = threading.Event(), []

    def hang(folder: Path) -> None:
        looks.append(folder)
        answers.wait(60)

    monkeypatch.setattr(folders, "_read", hang)
    monkeypatch.setattr(folders, "ANSWER_TIMEOUT_S", 0.05)
    found = await asyncio.gather(*(ready(bare_door) for _ in range(20)))
    assert {(status, problem["detail"]) for status, problem in found} == {
        (503, "The folder of the data does not answer.")
    }
    assert len(looks) == 1
    answers.set()
    monkeypatch.setattr(folders, "ANSWER_TIMEOUT_S", 10.0)
    assert (await ready(bare_door))[0] == 200


async def test_looks_between_two_tries_write_nothing(bare_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await ready(bare_door))[0] == 200
    monkeypatch.setattr(folders, "TemporaryFile", None)
    for _ in range(20):
        assert (await ready(bare_door))[0] == 200


async def test_probes_between_two_looks_cost_the_disk_nothing(bare_door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []
    monkeypatch.setattr(folders, "LOOK_EVERY_S", 3_600.0)
    monkeypatch.setattr(folders, "_read", looks.append)
    for _ in range(20):
        assert (await ready(bare_door))[0] == 200
    assert len(looks) == 1
