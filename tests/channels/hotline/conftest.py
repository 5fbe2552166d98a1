"""A city with a hotline, its operators, and a call that one of them has taken."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door, Person
from tests.channels.desk.bureau import Clock
from tests.channels.desk.conftest import database, li, settings, wang, zhao
from tests.channels.hotline.exchange import exchange, taken

__all__ = ["database", "li", "settings", "wang", "zhao"]


@pytest.fixture
async def door(tmp_path: Path, database: str, settings: dict[str, Any]) -> AsyncIterator[Door]:
    async with exchange(tmp_path, database, **settings) as opened:
        yield opened


@pytest.fixture
def clock(door: Door) -> Clock:
    return Clock(door, door.platform.now())


@pytest.fixture
async def call(door: Door, li: Person) -> str:
    """The address of a call that 李 has taken."""
    return (await taken(door, operator=li))[1]
