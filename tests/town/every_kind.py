"""A department with an item of every kind that has cases, and bodies that begin each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from banshi.kinds.appointment.scheduler import make_ahead
from banshi.testing import Door
from tests.places import TRAFFIC
from tests.town.departments import item
from tests.town.parts import BAG, POSTINGS, UNNAMED, appeals, postings, visits
from tests.town.registers import import_samples, sample_rows
from tests.town.town import open_town

FIELDS = {name: {"type": "string", "minLength": 1, "maxLength": 40} for name in ("thing", "about")}
VEHICLE = sample_rows("traffic", "vehicles")[0]

#: By kind the code of its item, and what begins it.
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "application": ("bench", {"answers": {"thing": "钥匙", "about": "一串三把"}}),
    "appointment": ("visit", {"answers": {"name": "王"}}),
    "appeal": ("ask-parks", {"answers": {"text": "路灯坏了"}}),
    "posting": ("things-parks", {"answers": BAG}),
    "query": (
        "vehicle-record",
        {"answers": {name: VEHICLE[name] for name in ("plate", "plate_class", "vin_tail")}, "purpose": "卖车之前查询"},
    ),
}


@asynccontextmanager
async def open_every_kind(folder: Path, database: str | None = None) -> AsyncIterator[Door]:
    """Parks with the four, and the traffic police with their register."""
    bench = {"parks": item(fields=FIELDS, required=[*FIELDS], unit="desk", promised_days=5)}
    parts = (bench, appeals(UNNAMED, "parks"), postings(POSTINGS, "parks"), visits(department="parks", unit="desk"))
    async with open_town(folder, *parts, TRAFFIC, database=database) as town:
        await import_samples(town.door, "traffic")
        await make_ahead(town.door.platform)
        yield town.door


async def body_of(door: Door, kind: str) -> tuple[str, dict[str, Any]]:
    """The code of the kind's item, and what begins it."""
    code, body = BODIES[kind]
    if kind != "appointment":
        return code, body
    slots = (await door.anyone.get(f"/v1/items/{code}/slots", params={"limit": "100"})).ok()["items"]
    return code, {**body, "slot": [slot["id"] for slot in slots if slot["state"] == "free"][-1]}
