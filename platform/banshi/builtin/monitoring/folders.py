"""Whether the folders that people's files and the keys are in can be used: looked at once a second, whoever asks.

A look reads what the system has in memory as a rule; whether there is room is tried by writing, less often.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import time
from pathlib import Path
from tempfile import TemporaryFile

import structlog

from banshi.builtin.sentences import say
from banshi.foundation.errors import Unavailable
from banshi.foundation.keys import Key
from banshi.kernel.loading.settings import AUDIT_KEY_FILE, Settings

log = structlog.get_logger("banshi.monitoring")

#: Seconds between two looks and between two tries to write, and those that a look may take: a disk over the network may
#: never answer.
LOOK_EVERY_S, WRITE_EVERY_S, ANSWER_TIMEOUT_S = 1.0, 10.0, 2.0

#: Bytes that are written to see whether there is room.
TRIED_BYTES = 4_096

#: What is told by a disk that has no room, for anybody or for this account.
FULL = {errno.ENOSPC, errno.EDQUOT}


class Folders:
    """What was last found of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        #: Of each folder that was found, the number of its disk: another one shows a mount that came or went.
        self._disks: dict[Path, int] = {}
        self._found: asyncio.Future[tuple[str, bool]] | None = None
        self._again = 0.0
        #: When it is tried again to write, and what was wrong at the last look.
        self._write_again = 0.0
        self._wrong = ""

    async def require(self) -> bool:
        """Whether there is room. Raises Unavailable where a folder is gone, can't be used, or doesn't answer."""
        now = time.monotonic()
        if self._found is None or (self._found.done() and now >= self._again):
            self._again = now + LOOK_EVERY_S
            self._found = asyncio.ensure_future(asyncio.to_thread(self._look))
        done, _ = await asyncio.wait([self._found], timeout=ANSWER_TIMEOUT_S)
        wrong, room = self._found.result() if done else ("The folder of the data does not answer.", True)
        if wrong:
            raise Unavailable(say(wrong), headers={"Retry-After": "5"})
        return room

    def _look(self) -> tuple[str, bool]:
        """What is wrong, empty where nothing is; and whether there is room."""
        wrong, room = "", True
        files, keys = self._settings.attachments_folder, self._settings.keys_folder
        # The first upload makes the one of files.
        if files not in self._disks and not os.path.lexists(files):
            files = self._settings.data
        for name, folder, use in (("files", files, self._write), ("keys", keys, _read)):
            try:
                self._require_same(folder)
                use(folder)
            except OSError as error:
                if error.errno in FULL:
                    room = False
                    continue
                what = "is gone" if error.errno in {errno.ENOENT, errno.ENODEV} else "can't be used"
                wrong = f"The folder of {name} {what}."
                if wrong != self._wrong:
                    log.error("a folder can't be used", folder=str(folder), why=error.strerror)
                break
        if self._wrong and not wrong:
            log.info("the folders of files and keys can be used again")
        self._wrong = wrong
        return wrong, room

    def _require_same(self, folder: Path) -> None:
        found = folder.stat()
        if not stat.S_ISDIR(found.st_mode):
            raise OSError(errno.ENOTDIR, "something else is in its place")
        if self._disks.setdefault(folder, found.st_dev) != found.st_dev:
            raise OSError(errno.ENODEV, "it is on another disk than before")

    def _write(self, folder: Path) -> None:
        """Where the disk knows no nameless files, it has a name that no backup takes."""
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, "this account can't write to it")
        if time.monotonic() < self._write_again:
            return
        with TemporaryFile(dir=folder, suffix=".part", buffering=0) as tried:
            tried.write(bytes(TRIED_BYTES))
        # What failed is tried again at the next look.
        self._write_again = time.monotonic() + WRITE_EVERY_S


def _read(folder: Path) -> None:
    """Keys may lie where this account only reads. The audit's is always among them: a folder made anew has none."""
    (folder / AUDIT_KEY_FILE).stat()
    if not os.access(folder / AUDIT_KEY_FILE, os.R_OK):
        raise OSError(errno.EACCES, "this account can't read what is in it")


FOLDERS: Key[Folders] = Key("folders")
