"""A city with roads: its traffic police, who publish, and what they say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from banshi.testing import Door, Person, open_door
from tests.town.registers import DEPARTMENTS

#: Of the sample city, and one of its districts.
BOX = (103.7, 30.7, 105.8, 33.1)
DISTRICT = "510703"
ROLE = "traffic/command-centre:reviewer"

CLOSURE: Mapping[str, Any] = {
    "kind": "closure",
    "division": DISTRICT,
    "road": "示例大桥",
    "text": "桥梁检测，双向禁止通行",
    "geometry": {"type": "LineString", "coordinates": [[104.73, 31.46], [104.74, 31.47]]},
}


@asynccontextmanager
async def open_city(
    folder: Path,
    database: str = "",
    *,
    plugins: Mapping[str, Path | str] = {},
    beside: Mapping[str, Mapping[str, Any]] = {},
    **settings: Any,
) -> AsyncIterator[Door]:
    """The traffic police and their roads, with further plugins, and the settings of those beside it."""
    given: dict[str, Path | str] = {"traffic": DEPARTMENTS / "traffic", "road": "road", **plugins}
    platform = {"database": database} if database else {}
    async with open_door(
        folder, given, settings={"road": {"box": BOX, **settings}, **beside}, platform=platform
    ) as door:
        yield door


def officer(door: Door, name: str = "sun") -> Person:
    return door.staff(name, ROLE)


async def published(door: Door, **changes: Any) -> dict[str, Any]:
    """The record of a new event; what is None is left out."""
    body = {name: one for name, one in {**CLOSURE, **changes}.items() if one is not None}
    return dict((await officer(door).post("/v1/road/events", body)).created())


async def listed(door: Door, query: str = "") -> list[dict[str, Any]]:
    """What anybody finds."""
    return list((await door.anyone.get(f"/v1/road/events?{query}")).ok()["features"])


def turn(door: Door, **by: float) -> datetime:
    """Let so much time pass."""
    at = door.platform.now() + timedelta(**by)
    door.platform.now = lambda: at
    return at
