"""Whether the folders that people's files and the keys are in can be used: looked at now and then, whoever asks."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from pathlib import Path
from tempfile import TemporaryFile

import structlog

from banshi.builtin.sentences import say
from banshi.foundation.errors import Unavailable
from banshi.foundation.keys import Key
from banshi.kernel.loading.settings import Settings

log = structlog.get_logger("banshi.monitoring")

#: Seconds between two looks, and those that one may take: a disk over the network may never answer.
LOOK_EVERY_S, ANSWER_TIMEOUT_S = 10.0, 2.0

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
        files, keys = self._settings.attachments_folder, self._settings.keys_folder
        # The first upload makes the one of files.
        if files not in self._disks and not files.exists():
            files = self._settings.data
        room = True
        for name, folder, use in (("files", files, _write), ("keys", keys, _read)):
            try:
                disk = folder.stat().st_dev
                if self._disks.setdefault(folder, disk) != disk:
                    raise OSError(errno.ENODEV, "it is on another disk than before")
                use(folder)
            except OSError as error:
                if error.errno in FULL:
                    room = False
                    continue
                log.error("a folder can't be used", folder=str(folder), why=error.strerror)
                what = "is gone" if error.errno in {errno.ENOENT, errno.ENODEV} else "can't be used"
                return f"The folder of {name} {what}.", room
        return "", room


def _write(folder: Path) -> None:
    """Where the disk knows no nameless files, it has a name that no backup takes."""
    with TemporaryFile(dir=folder, suffix=".part", buffering=0) as tried:
        tried.write(bytes(TRIED_BYTES))


def _read(folder: Path) -> None:
    """Keys may lie where this account only reads."""
    with os.scandir(folder) as files:
        next(files, None)


FOLDERS: Key[Folders] = Key("folders")
