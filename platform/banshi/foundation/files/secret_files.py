"""Files that hold secrets."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from banshi.foundation.files import durable_files


def write_private(file: Path, content: bytes) -> None:
    """Write a secret so that it is whole or absent, and never readable by others, not even for a moment."""
    draft = _draft(file, content)
    try:
        # A link fails where the file exists: of two processes that start together, both use the first one's key.
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
        durable_files.sync_folder(file.parent)


def kept_key(file: Path, size: int = 32) -> bytes:
    """So many random bytes, the same for good: the very first start makes them."""
    if not file.exists():
        write_private(file, secrets.token_bytes(size))
    return file.read_bytes()


def replace_private(file: Path, content: bytes) -> None:
    """The same in the place of what is there: whoever reads it meanwhile finds the one or the other."""
    draft = _draft(file, content)
    durable_files.rename(draft, file)


def _draft(file: Path, content: bytes) -> Path:
    """What is to become that file, on disk and beside it."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = durable_files.draft_of(file)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        durable_files.sync(stream)
    return draft
