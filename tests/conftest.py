"""What all tests share: a door to a platform with the real plugins, and a good application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi import logs
from banshi.testing import Door, Person, open_door

# The command line sends a process's logs to its standard error. pytest closes that behind every test, and a log line
# that can't be written would stop the loops of the next one.
logs.configure = lambda *_: None

ROOT = Path(__file__).resolve().parent.parent
TRAFFIC = ROOT / "plugins" / "departments" / "traffic"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """A platform with the traffic police and mobile_push."""
    async with open_door(tmp_path, {"traffic": TRAFFIC, "mobile_push": "mobile_push"}) as opened:
        yield opened


@pytest.fixture
async def bare_door(tmp_path: Path) -> AsyncIterator[Door]:
    """A platform with the traffic police alone: the kernel doesn't need mobile_push."""
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as opened:
        yield opened


async def good_answers(person: Person, **changes: Any) -> dict[str, Any]:
    """Answers to the zone pass's form that are right, with freshly uploaded files."""
    files = [(await person.upload()).created()["id"] for _ in range(2)]
    return {
        "plate": "川BD12345",
        "vehicle_class": "light-truck",
        "zones": ["2", "5"],
        "hours": "9-17",
        "valid_from": "2099-01-01",
        "valid_until": "2099-01-31",
        "purpose": "为社区超市配送蔬菜",
        "driver": {"name": "王小明", "phone": "13800000000"},
        "licence": files[0],
        "registration": files[1],
        **changes,
    }


@pytest.fixture
def answers() -> Any:
    """`await answers(person, plate=…)`: right answers with some changed."""
    return good_answers
