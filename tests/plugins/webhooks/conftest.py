"""A city with webhooks, on the database that the tests are on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.testing import Door
from tests.plugins.webhooks_city import open_city


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_city(tmp_path) as door:
        yield door
