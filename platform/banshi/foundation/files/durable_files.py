"""What outlives a power cut: a file's bytes, and its name, which the file's own sync does not bring to the disk."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

#: Seconds without a byte after which nobody writes any more: a chunk has to come within 15, and clocks jump an hour.
ABANDONED_AFTER_S = 86_400.0


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


def clear_parts(folder: Path, older: float = 0.0) -> int:
    """Remove what a crash left half-written and nobody has written to for `older` seconds; the number of files.

    Where processes share the folder, what is younger than `ABANDONED_AFTER_S` may be an upload that another one takes.
    """
    until = time.time() - older
    parts = [part for part in folder.glob("*.part") if written(part) <= until] if folder.is_dir() else []
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)


def written(part: Path) -> float:
    """When it was last written to; what is gone meanwhile never was too long ago."""
    try:
        return part.stat().st_mtime
    except FileNotFoundError:
        return math.inf
