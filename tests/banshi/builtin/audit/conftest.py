"""What the tests of the audit share: a platform that seals when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.audit import keeping
from banshi.testing import Door, open_door
from tests.places import TRAFFIC


@pytest.fixture
def unsealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No platform seals by itself."""

    async def later(*_: Any) -> None:
        pass

    monkeypatch.setattr(keeping, "seal_all", later)


@pytest.fixture
async def office(database: str, tmp_path: Path, unsealed: None) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as opened:
        yield opened
