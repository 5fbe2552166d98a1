"""Rings of keys for tests, and a whole run of tests on encrypted columns: `BANSHI_TEST_PERSONAL_KEYS=1 pytest …`."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from banshi.foundation.database import opening
from banshi.foundation.encryption.fields import PersonalId
from banshi.foundation.encryption.ring import Ring, new_ring, write_keys
from banshi.foundation.encryption.sealing import SEALED, opened
from tests.processes.children import sitecustomize
from tests.processes.children.sitecustomize import RING, context_with_ring

#: What every process that tests begin imports from.
CHILDREN = str(Path(sitecustomize.__file__).parent)


def ring_in(folder: Path) -> Path:
    """A new ring of keys in that folder; its file."""
    file = folder / "personal.keys"
    write_keys(file, new_ring(datetime.now(UTC)))
    return file


def opened_person(text: str) -> str:
    """A person's subject as it stands in a table of a test that names no ring."""
    if not text.startswith(SEALED):
        return text
    return opened(Ring(Path(os.environ[RING])), PersonalId.family, "person", text)


def everywhere() -> None:
    """Let whatever opens a database without a ring do so with one, here and in processes that tests start."""
    if not Path(os.environ[RING]).is_absolute():
        os.environ[RING] = str(ring_in(Path(tempfile.mkdtemp(prefix="banshi-ring-"))))
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, dict.fromkeys([CHILDREN, *places])))
    opening.Context = context_with_ring()  # type: ignore[misc]
