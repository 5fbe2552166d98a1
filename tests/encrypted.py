"""Rings of keys for tests, and a whole run of tests on encrypted columns: `BANSHI_TEST_PERSONAL_KEYS=1 pytest …`."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from banshi.foundation.database import opening
from banshi.foundation.encryption.ring import Ring, new_ring, write_keys
from banshi.foundation.encryption.sealing import Context


def ring_in(folder: Path) -> Path:
    """A new ring of keys in that folder; its file."""
    file = folder / "personal.keys"
    write_keys(file, new_ring(datetime.now(UTC)))
    return file


def everywhere() -> None:
    """Let whatever opens a database without a ring do so with one, here and in processes that tests start."""
    file = Path(os.environ["BANSHI_TEST_PERSONAL_KEYS"])
    if not file.is_absolute():
        file = ring_in(Path(tempfile.mkdtemp(prefix="banshi-ring-")))
        os.environ["BANSHI_TEST_PERSONAL_KEYS"] = str(file)
    opening.Context = context_with(file)  # type: ignore[misc]


def context_with(file: Path) -> type[Context]:
    """What a database is opened in: with that ring where none is named."""

    class Encrypted(Context):
        def __init__(self, ring: Ring | None = None) -> None:
            super().__init__(ring or Ring(file))

    return Encrypted
