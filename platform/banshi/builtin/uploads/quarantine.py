"""Where files wait until scanners know them: a folder of its own, so whoever reads files by id finds none before.

A file is held where a plugin offers a scanner. It can be named in a form meanwhile, and opens to nobody. What nobody
could examine waits on: a scanner that is away costs time and lets nothing through.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import structlog
from prometheus_client import Counter, Gauge

from banshi.builtin.leading.rounds import HOUR_S, looking_at
from banshi.foundation.background import every, working
from banshi.foundation.database.bulk import ROWS_PER_STATEMENT
from banshi.foundation.files import durable_files
from banshi.foundation.keys import Key
from banshi.foundation.logs import place_of
from banshi.kernel.runtime.process_role import CASE
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import HELD, REFUSED, STORED, Attachment

log = structlog.get_logger("banshi.files")

#: Seconds between two looks where no upload of this process wakes it, files examined at once, and in one look at most.
LOOK_EVERY_S, AT_ONCE, MAX_A_LOOK = 2.0, 4, 200
#: Seconds between two lines in the log that say the same, of a scanner that is away.
TELL_EVERY_S = 60.0
#: What the names of whole files look like.
OF_A_FILE = "-".join("?" * letters for letters in (8, 4, 4, 4, 12))
#: How long a file without a row may be one whose row is just being written.
BEING_WRITTEN = timedelta(hours=1)


class Scanner(Protocol):
    """What can say whether a file is harmful."""

    async def scan(self, file: Path) -> str:
        """The name of what is harmful in the file, "" where nothing is. Whatever it raises: nobody knows yet."""


#: Plugins that can examine files offer how: each has to call a file harmless before anybody can read it.
SCANNERS: Key[Scanner] = Key("scanners of received files")


class Quarantine:
    """The files that wait."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._scanners = platform.registry.offered(SCANNERS)
        self._files = platform.settings.attachments_folder
        self._folder = self._files / "quarantine"
        self._told_at = -TELL_EVERY_S
        #: What a file that comes in now is, and the folder that it comes into.
        self.entrance = (HELD, self._folder) if self._scanners else (STORED, self._files)
        metrics = platform.metrics
        self._held = Gauge("banshi_files_held", "Files that wait until a scanner knows them", registry=metrics)
        self._examined = Counter("banshi_files_examined", "Files examined, by verdict", ["verdict"], registry=metrics)

    def path(self, row: Attachment) -> Path:
        """Where the file of a row lies, held or not."""
        return (self._folder if row.state == HELD else self._files) / str(row.id)

    async def look(self) -> None:
        """Examine what waits, the newest first: a file that no scanner gets through holds none up that comes later."""
        waiting = Attachment.filter(state=HELD)
        rows = await waiting.order_by("-id").limit(MAX_A_LOOK)
        for start in range(0, len(rows), AT_ONCE):
            if not any(await asyncio.gather(*map(self._examine, rows[start : start + AT_ONCE]))):
                break  # whoever examines is away
        self._held.set(await waiting.count() if rows else 0)

    async def clear(self) -> None:
        """Remove what waits here and has no row any more: a crash left it, or it is forgotten."""
        files = await asyncio.to_thread(self._old)
        for start in range(0, len(files), ROWS_PER_STATEMENT):
            some = files[start : start + ROWS_PER_STATEMENT]
            held = Attachment.filter(id__in=[file.name for file in some], state=HELD)
            there = {str(identity) for identity in await held.values_list("id", flat=True)}
            for file in some:
                if file.name not in there:
                    await asyncio.to_thread(file.unlink, missing_ok=True)

    def _old(self) -> list[Path]:
        """The files whose rows were surely written, if they ever are."""
        until = time.time() - BEING_WRITTEN.total_seconds()
        return [file for file in self._folder.glob(OF_A_FILE) if durable_files.written(file) <= until]

    async def _examine(self, row: Attachment) -> bool:
        """Let a file out, or refuse it; False where nobody knows."""
        for plugin, scanner in self._scanners:
            try:
                found = await scanner.scan(self.path(row))
            except FileNotFoundError:
                found = ""  # let out by another process, or lost: then reading it says so
            except Exception as error:
                self._examined.labels("unknown").inc()
                self._tell(plugin, row, error)
                return False
            if found:
                await self._refuse(row, plugin, found)
                return True
        with suppress(FileNotFoundError):
            await asyncio.to_thread(durable_files.rename, self.path(row), self._files / str(row.id))
        if await self._moved(row, STORED):
            self._examined.labels("harmless").inc()
        return True

    async def _refuse(self, row: Attachment, plugin: str, found: str) -> None:
        file = self.path(row)
        if await self._moved(row, REFUSED):
            self._examined.labels("harmful").inc()
            log.warning("a file was refused and is removed", file=str(row.id), plugin=plugin, found=found)
        await asyncio.to_thread(file.unlink, missing_ok=True)

    async def _moved(self, row: Attachment, state: str) -> bool:
        return await Attachment.filter(id=row.id, state=HELD).update(state=state) > 0

    def _tell(self, plugin: str, row: Attachment, error: Exception) -> None:
        if time.monotonic() - self._told_at >= TELL_EVERY_S:
            self._told_at = time.monotonic()
            reason = {"error": type(error).__name__, "reason": str(error), "where": place_of(error)}
            log.error("files can't be examined and wait", file=str(row.id), plugin=plugin, **reason)


QUARANTINE: Key[Quarantine] = Key("quarantine")


@asynccontextmanager
async def open_quarantine(platform: Platform) -> AsyncIterator[Quarantine]:
    """The quarantine, with its work beside the requests. Several processes may do it: a verdict is told once."""
    quarantine = Quarantine(platform)
    works = []
    if CASE in platform.duty.lanes:
        if quarantine.entrance[0] == HELD:
            works.append(looking_at(platform, Attachment, LOOK_EVERY_S, lambda _: quarantine.look()))
        works.append(lambda: every(HOUR_S, quarantine.clear, "the quarantine could not be cleared"))
    async with working("banshi-files", *works):
        yield quarantine
