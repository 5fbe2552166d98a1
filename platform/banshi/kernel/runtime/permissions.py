"""Who on this machine may look into what is stored: the platform's account alone, folders 0700 and files 0600.

A data folder with the setgid bit (2770) is shared with its group on purpose: what the group may do stays as it is.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from banshi.foundation.database.opening import sqlite_file
from banshi.kernel.loading.settings import Settings

log = structlog.get_logger("banshi.start")

#: What only the owner may do: bits that go.
OTHERS, ALL_BUT_OWNER = 0o007, 0o077

#: Seconds that a start spends on files within a folder that it has closed: nobody else reaches what is left open there.
FILES_TIMEOUT_S = 10.0

#: What SQLite writes beside its file.
BESIDE = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Loose:
    """A folder or a file of which others may do more than they should."""

    path: Path
    mode: int
    wanted: int
    #: Whether this account may change that. What all share, such as /tmp, isn't the platform's to close.
    is_ours: bool

    @property
    def finding(self) -> str:
        return f"others on this machine can look into {self.path} (mode {self.mode:o}): {self.advice}"

    @property
    def advice(self) -> str:
        return f"run chmod {self.wanted:o} {self.path}{'' if self.is_ours else ' as its owner'}"


def forbidden_in(settings: Settings) -> int:
    """The bits that no folder and no file of the data may have, which are a new one's umask too."""
    with suppress(OSError):
        if settings.data.stat().st_mode & stat.S_ISGID:
            return OTHERS
    return ALL_BUT_OWNER


def loose_in(settings: Settings) -> Iterator[Loose]:
    """What is open to others, each folder before what is in it; a folder that is closed isn't looked into."""
    bits = forbidden_in(settings)
    file, keys = sqlite_file(settings.database_url), settings.keys_folder
    folders = [settings.attachments_folder, settings.data / "postings", settings.items_folder]
    yield from _loose([settings.data, *folders, keys], bits)
    # Few, and worth a look each time: the keys, and the database, which may be elsewhere.
    secrets = sorted(keys.rglob("*")) if keys.is_dir() else []
    yield from _loose([*(Path(f"{file}{end}") for end in BESIDE if file), *secrets], bits)


def _loose(paths: list[Path], bits: int) -> Iterator[Loose]:
    for path in paths:
        try:
            found = path.stat()
        except OSError:  # it isn't there, or this account doesn't reach it
            continue
        mode = stat.S_IMODE(found.st_mode)
        if mode & bits:
            is_ours = found.st_uid == os.geteuid() and not mode & stat.S_ISVTX
            yield Loose(path, mode, mode & ~bits, is_ours)


def tighten(settings: Settings) -> None:
    """Take from everybody else what they may do with the data, as far as it is this account's; say what it can't."""
    until, bits = time.monotonic() + FILES_TIMEOUT_S, forbidden_in(settings)
    for one in list(loose_in(settings)):
        is_folder = one.path.is_dir()
        if one.is_ours:
            with suppress(OSError):
                one.path.chmod(one.wanted)
        if any(_loose([one.path], bits)):  # some disks know no modes
            log.warning("others can look into what is stored", path=str(one.path), mode=f"{one.mode:o}", do=one.advice)
        if is_folder and one.path != settings.data:
            _tighten_below(one.path, bits, until)


def _tighten_below(folder: Path, bits: int, until: float) -> None:
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if time.monotonic() > until:
                log.warning("some files are open still, in a folder that is closed", folder=str(folder))
                return
            path = Path(place, name)
            with suppress(OSError):
                found = path.lstat()
                mode = stat.S_IMODE(found.st_mode)
                if mode & bits and found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode):
                    path.chmod(mode & ~bits)
