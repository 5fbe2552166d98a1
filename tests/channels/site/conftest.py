"""A city's site for everybody, somebody's browser at it, and 王小明's, who has signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.testing import Door, open_door
from tests.channels.site.browsing import WANG, Browser, open_browser
from tests.places import DEPARTMENTS


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins = {name: DEPARTMENTS / name for name in ("traffic", "household", "criminal")}
    own = {"mobile_push": "mobile_push", "web_site": "web_site"}
    async with open_door(tmp_path, {**plugins, **own}, settings={"web_site": {"people": ["王小明"]}}) as opened:
        yield opened


@pytest.fixture
async def browser(door: Door) -> AsyncIterator[Browser]:
    async with open_browser(door) as opened:
        yield opened


@pytest.fixture
async def wang(door: Door) -> AsyncIterator[Browser]:
    async with open_browser(door, WANG) as opened:
        yield opened
