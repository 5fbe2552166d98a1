"""What is no longer needed is cleared away, and nothing else."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import pytest

from banshi.builtin.personal_data import housekeeping
from banshi.builtin.personal_data.housekeeping import ABANDONED_AFTER_S, clear_parts, tidy
from banshi.foundation.files import durable_files
from banshi.foundation.files.durable_files import held_part
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import CaseEvent
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import Door, open_door
from tests.places import TRAFFIC


async def test_settled_work_goes_after_keep_days_and_due_or_parked_work_never(bare_door: Door, answers: Any) -> None:
    wang = bare_door.citizen("wang")
    (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)}, key="k")).created()
    await bare_door.settled()
    await OutboxRow.create(consumer="channel:gone", topic="t", payload={}, dedup="due", state="due")
    await OutboxRow.create(consumer="channel:gone", topic="t", payload={}, dedup="parked", state="parked")
    platform, now = bare_door.platform, bare_door.platform.now()

    await tidy(platform)
    assert await OutboxRow.filter(state="done").count() == 1
    assert await IdempotencyKey.all().count() == 1

    platform.now = lambda: now + timedelta(days=platform.settings.keep_days, seconds=5)
    await tidy(platform)
    assert sorted(await OutboxRow.all().values_list("dedup", flat=True)) == ["due", "parked"]
    assert await IdempotencyKey.all().count() == 0
    assert await CaseEvent.all().count() == 2


async def test_a_file_that_no_case_uses_goes_after_a_day_with_its_bytes(bare_door: Door, answers: Any) -> None:
    wang = bare_door.citizen("wang")
    used = await answers(wang)
    (await wang.post("/v1/items/zone-pass/cases", {"answers": used})).created()
    left = (await wang.upload()).created()["id"]
    platform, now = bare_door.platform, bare_door.platform.now()
    folder = platform.settings.attachments_folder
    assert (folder / left).is_file()

    platform.now = lambda: now + timedelta(days=1, minutes=1)
    await tidy(platform)
    assert not (folder / left).exists()
    assert {str(row.id) for row in await Attachment.all()} == {used["licence"], used["registration"]}
    assert all((folder / used[name]).is_file() for name in ("licence", "registration"))


async def test_what_can_t_be_cleared_away_keeps_nothing_else_from_leaving(
    bare_door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[str] = []
    for name in ("forget_test_cases", "anonymise_old_cases"):

        async def leave(_: Any, name: str = name) -> None:
            left.append(name)

        monkeypatch.setattr(housekeeping, name, leave)
    # What is no file can't be deleted.
    part = bare_door.platform.settings.attachments_folder / "x.part"
    part.mkdir(parents=True)
    os.utime(part, (0, 0))
    await tidy(bare_door.platform)
    assert left == ["forget_test_cases", "anonymise_old_cases"]


def half_written(folder: Path, name: str, age: float) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    part.write_bytes(b"half")
    os.utime(part, (time.time() - age, time.time() - age))
    return part


@pytest.mark.sqlite
async def test_a_start_on_sqlite_clears_what_was_half_written_since_nobody_else_can_be_writing(tmp_path: Path) -> None:
    part = half_written(tmp_path / "data" / "attachments", "young", 0)
    async with open_door(tmp_path, {"traffic": TRAFFIC}):
        assert not part.exists()


async def test_a_start_beside_other_processes_leaves_the_uploads_that_they_are_taking(
    tmp_path: Path, postgres: str
) -> None:
    folder = tmp_path / "data" / "attachments"
    young = half_written(folder, "young", ABANDONED_AFTER_S - 3_600)
    whole = half_written(folder, "old", ABANDONED_AFTER_S + 3_600)
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": postgres}) as door:
        assert door.platform.settings.attachments_folder == folder
        assert young.exists()
        await tidy(door.platform)
        assert young.exists()
        assert not whole.exists()


def test_what_somebody_is_writing_is_cleared_by_nobody_and_what_a_crash_left_is(tmp_path: Path) -> None:
    left = half_written(tmp_path, "left", 0)
    with held_part(tmp_path / "held.part") as stream:
        stream.write(b"half")
        assert clear_parts(tmp_path) == 1
        assert not left.exists()
        stream.write(b"whole")
        (tmp_path / "held.part").rename(tmp_path / "whole")
    assert (tmp_path / "whole").read_bytes() == b"halfwhole"
    half_written(tmp_path, "ended", 0)
    assert clear_parts(tmp_path) == 1


def test_a_part_that_is_cleared_before_it_is_locked_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, locked = tmp_path / "one.part", []

    def lock(stream: IO[bytes], how: int) -> None:
        if not locked:
            part.unlink()
        locked.append(how)

    monkeypatch.setattr(durable_files.fcntl, "flock", lock)
    with held_part(part) as stream:
        assert os.path.samestat(os.fstat(stream.fileno()), part.stat())
    assert len(locked) == 2


def test_a_part_that_goes_while_it_is_looked_at_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "gone.part").symlink_to(tmp_path / "nowhere")
    assert clear_parts(tmp_path, ABANDONED_AFTER_S) == 0
    assert clear_parts(tmp_path / "not there") == 0
