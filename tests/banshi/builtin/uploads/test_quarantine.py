"""Files wait apart until every scanner has called them harmless, whatever ends in between."""

from __future__ import annotations

import asyncio
import importlib
import io
import os
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from banshi.builtin.uploads.quarantine import BEING_WRITTEN, QUARANTINE
from banshi.kernel.tables.attachments import HELD, REFUSED, STORED, Attachment
from banshi.testing import TINY_PNG, Door, open_door
from tests.waiting import until

#: A scanner that says what the test wants, and nothing until then.
PLUGIN = """
from banshi import Offer, hookimpl
from banshi.sdk.files import SCANNERS

class Scanner:
    found = None
    async def scan(self, file):
        if self.found is None:
            raise OSError("away")
        file.read_bytes()
        return self.found

scanner = Scanner()

@hookimpl
def banshi_offers():
    return [Offer(SCANNERS, scanner)]
"""


@asynccontextmanager
async def opened(folder: Path, database: str, *names: str) -> AsyncIterator[tuple[Door, list[Any]]]:
    """A platform with a scanner of each name."""
    plugins: dict[str, Path | str] = {}
    for name in names:
        plugins[name] = folder / name
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "__init__.py").write_text(PLUGIN)
    async with open_door(folder, plugins, platform={"database": database}) as door:
        yield door, [importlib.import_module(f"banshi_plugins.{name}").scanner for name in names]


async def become(state: str, count: int = 1) -> None:
    async def there() -> bool:
        return await Attachment.filter(state=state).count() == count

    await until(there)


async def test_a_file_opens_after_the_last_of_several_scanners_and_one_is_enough_to_refuse_it(
    tmp_path: Path, database: str
) -> None:
    async with opened(tmp_path, database, "first", "second") as (door, (first, second)):
        wang = door.citizen("wang")
        file = (await wang.upload()).created()
        first.found = ""
        await door.platform[QUARANTINE].look()
        (await wang.get(f"/v1/attachments/{file['id']}")).problem(409, "file-held")
        second.found = ""
        await become(STORED)
        assert (await wang.get(f"/v1/attachments/{file['id']}")).body == TINY_PNG
        second.found = "Worm"
        file = (await wang.upload()).created()
        await become(REFUSED)
        (await wang.get(f"/v1/attachments/{file['id']}")).problem(410, "file-refused")


async def test_what_a_crash_left_between_the_file_s_name_and_its_row_is_mended(tmp_path: Path, database: str) -> None:
    async with opened(tmp_path, database, "scanner") as (door, (scanner,)):
        wang, folder = door.citizen("wang"), door.platform.settings.attachments_folder
        ids = [(await wang.upload()).created()["id"] for _ in range(2)]
        # It was let out, and its row says it is held; and it was refused, and its bytes are still there.
        (folder / "quarantine" / ids[0]).rename(folder / ids[0])
        await Attachment.filter(id=ids[1]).update(state=REFUSED)
        refused, orphan = folder / "quarantine" / ids[1], folder / "quarantine" / str(uuid4())
        orphan.write_bytes(b"")
        for file in (refused, orphan):
            os.utime(file, (0, time.time() - BEING_WRITTEN.total_seconds() - 1))
        young = folder / "quarantine" / str(uuid4())
        young.write_bytes(b"")
        scanner.found = ""
        await become(STORED)
        assert (await wang.get(f"/v1/attachments/{ids[0]}")).body == TINY_PNG
        await door.platform[QUARANTINE].clear()
        assert [one.name for one in (folder / "quarantine").iterdir()] == [young.name]


async def test_processes_that_examine_the_same_files_at_once_refuse_each_once(tmp_path: Path, database: str) -> None:
    async with opened(tmp_path, database, "scanner") as (door, (scanner,)):
        wang, quarantine = door.citizen("wang"), door.platform[QUARANTINE]
        for _ in range(6):
            await wang.upload()
        scanner.found = "Worm"
        await asyncio.gather(*(quarantine.look() for _ in range(5)))
        await become(REFUSED, 6)
        text = (await door.anyone.get("/metrics")).body.decode()
        assert 'banshi_files_examined_total{verdict="harmful"} 6.0' in text
        assert not [one for one in door.platform.settings.attachments_folder.rglob("*") if one.is_file()]


@pytest.mark.parametrize("end", ["forgotten", "unused"])
async def test_a_held_file_that_is_removed_leaves_nothing(tmp_path: Path, database: str, end: str) -> None:
    async with opened(tmp_path, database, "scanner") as (door, _):
        wang = door.citizen("wang")
        file = (await wang.upload()).created()["id"]
        if end == "forgotten":
            assert (await wang.call("DELETE", "/v1/me")).status in {200, 202, 204}
            assert not await Attachment.all().exists()
        else:
            await Attachment.all().delete()
        held = door.platform.settings.attachments_folder / "quarantine" / file
        if held.exists():
            os.utime(held, (0, time.time() - BEING_WRITTEN.total_seconds() - 1))
        await door.platform[QUARANTINE].clear()
        assert not held.exists()


async def test_nothing_that_is_held_goes_out_another_way(tmp_path: Path, database: str) -> None:
    """The copy of one's own data has the files that can be read."""
    async with opened(tmp_path, database, "scanner") as (door, _):
        wang = door.citizen("wang")
        await wang.upload()
        copy = await wang.get("/v1/me/data.zip")
        assert zipfile.ZipFile(io.BytesIO(copy.body)).namelist() == ["data.json"]
        assert await Attachment.filter(state=HELD).count() == 1
