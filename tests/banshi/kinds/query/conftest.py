"""Departments with registers that are asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.testing import Door, open_door
from tests.town.registers import DEPARTMENTS, import_samples


@pytest.fixture
async def hall(tmp_path: Path, own_database: str | None) -> AsyncIterator[Door]:
    """On SQLite, or on each database where a test takes `database` as well. Petitions have no samples of a register."""
    plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in ("traffic", "petitions", "household")}
    async with open_door(tmp_path, plugins, platform={"database": own_database} if own_database else {}) as door:
        await import_samples(door, "traffic", "household", "petitions")
        yield door
