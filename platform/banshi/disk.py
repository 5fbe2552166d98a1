"""What outlives a power cut: a file's bytes, and its name, which the file's own sync does not bring to the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any


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


def rename(draft: Path, file: Path) -> None:
    """Give a file whose bytes are on the disk its name, for good; whoever reads finds the one before or this one."""
    draft.replace(file)
    sync_folder(file.parent)
