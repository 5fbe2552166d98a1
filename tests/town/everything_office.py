"""A department with an item of every kind that has cases, and bodies that begin each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from banshi.kinds.appointment.scheduler import make_ahead
from banshi.testing import Door, open_door
from tests.town.departments import both, department, item, write
from tests.town.registers import DEPARTMENTS, import_samples, sample_rows

HOURS = """
slot_minutes = 60
days_ahead = 5
waiting_list = true
[[items.appointment.places]]
code = "east"
hours = { workday = ["0:00-23:00"] }
"""

RULES = {
    "application": "",
    "appointment": HOURS,
    "appeal": 'sorts = ["consult", "complain"]\nanonymous = "allowed"',
    "posting": 'sorts = ["lost"]\ntitle = "/thing"\ntexts = ["/about"]',
}
EAST = {
    "code": "east",
    "title": both("东厅", "East hall"),
    "address": both("示例路1号", "1 Sample Road"),
    "phone": "000-0000001",
}
FIELDS = {
    "thing": {"type": "string", "title": "物品", "minLength": 1, "maxLength": 40},
    "about": {"type": "string", "title": "说明", "minLength": 1, "maxLength": 200},
}


ANSWERS = {"thing": "钥匙", "about": "一串三把"}
VEHICLE = sample_rows("traffic", "vehicles")[0]


def write_desk(folder: Path) -> Path:
    items = department("desk", "综合窗口", "The Desk", units={"desk": both("窗口", "Desk")}, phone="000-0000000")
    for kind, rules in RULES.items():
        more = {"kind": kind, "unit": "desk", "promised_days": 5, "places": [EAST]}
        items += item(f"{kind}-item", f"示例{kind}", f"Sample {kind}", fields=FIELDS, required=[*FIELDS], **more)
        items += f"[items.{kind}]\n{rules}\n"
    return write(folder, items, "", "desk")


@asynccontextmanager
async def open_desk(folder: Path, database: str | None = None, **platform: Any) -> AsyncIterator[Door]:
    """The desk, and the traffic police with their register."""
    plugins: dict[str, Path | str] = {"desk": write_desk(folder), "traffic": DEPARTMENTS / "traffic"}
    settings = {**platform, **({"database": database} if database else {})}
    async with open_door(folder, plugins, platform=settings) as door:
        await import_samples(door, "traffic")
        await make_ahead(door.platform)
        yield door


async def body_of(door: Door, kind: str) -> tuple[str, dict[str, Any]]:
    """The code of the kind's item, and what begins it."""
    if kind == "query":
        question = {name: VEHICLE[name] for name in ("plate", "plate_class", "vin_tail")}
        return "vehicle-record", {"answers": question, "purpose": "卖车之前查询"}
    code = f"{kind}-item"
    more = {}
    if kind == "appointment":
        slots = (await door.anyone.get(f"/v1/items/{code}/slots", params={"limit": "100"})).ok()["items"]
        more["slot"] = [slot for slot in slots if slot["state"] == "free"][-1]["id"]
    return code, {"answers": ANSWERS, **more}
