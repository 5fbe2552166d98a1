"""A door on a PostgreSQL server of a test's own, and whether it is ready."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from banshi.testing import Door, open_door
from tests.places import TRAFFIC

BOTH: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}

APPLY = "/v1/items/zone-pass/cases"

Answers = Callable[..., Awaitable[dict[str, Any]]]


@asynccontextmanager
async def door_on(folder: Path, url: str, **settings: Any) -> AsyncIterator[Door]:
    async with open_door(folder, BOTH, platform={"database": url, "outbox_lease": 5.0, **settings}) as door:
        yield door


async def not_ready(door: Door) -> bool:
    return (await door.anyone.get("/readyz")).status == 503


async def ready(door: Door) -> bool:
    return (await door.anyone.get("/readyz")).status == 200
