"""What outlives a power cut: a file's bytes, and its name, which the file's own sync does not bring to the disk."""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4


def sync(stream: IO[Any]) -> None:
    """Bring what was written to the disk."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sync_tree(root: Path) -> None:
    """Bring the names in a folder and in all below it to the disk, also where those are links to other places."""
    for place, _, _ in os.walk(root, followlinks=True):
        sync_folder(Path(place))


def draft_of(file: Path) -> Path:
    """Where to write what is to become that file: a name that no other process takes, on no machine with this folder.

    The number of a process would not do: in containers all have the same few.
    """
    return file.with_name(f"{file.name}.{uuid4().hex}.new")


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Where to write a file that may be made anew at any time; it takes its place at the end, and only whole."""
    draft = draft_of(file)
    try:
        yield draft
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def rename(draft: Path, file: Path) -> None:
    """Give a file whose bytes are on the disk its name, for good; whoever reads finds the one before or this one."""
    draft.replace(file)
    sync_folder(file.parent)


@contextmanager
def held_part(part: Path) -> Iterator[IO[bytes]]:
    """A new file to write to, and to rename within: locked until it is closed, so nobody takes it for a crash's."""
    with ExitStack() as opened:
        while True:
            stream = opened.enter_context(part.open("xb"))
            with suppress(OSError):  # a disk may know no locks
                fcntl.flock(stream, fcntl.LOCK_EX)
            # Whoever clears may have taken it between its birth and its lock.
            if part.exists():
                break
        yield stream


def written(part: Path) -> float:
    """When it was last written to; what is gone meanwhile never was too long ago."""
    try:
        return part.stat().st_mtime
    except FileNotFoundError:
        return math.inf
