"""A department with a workbench: one item that one person decides, and one that takes two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from banshi import Principal, Role
from banshi.testing import Door, Person, open_door
from tests.town.departments import FILES, both, department, item, write

UNITS = {"green": both("绿化科", "Green Unit"), "blue": both("水景科", "Blue Unit")}

FIELDS = {
    "plate": {"type": "string", "format": "cn-plate", "title": both("号牌", "Plate")},
    "files": {**FILES, "maxItems": 200, "title": both("照片", "Photos")},
}

WANG = Principal("wang", name="王小明")
LI = Principal("li", name="李警官", roles=(Role("reviewer", "parks"), Role("approver", "parks")))
ZHAO = Principal("zhao", name="赵队长", roles=(Role("reviewer", "parks"), Role("approver", "parks")))


def token_of(door: Door, person: Principal) -> Person:
    """The same person at the API."""
    return door.staff(person.subject, *map(str, person.roles)) if person.roles else door.citizen("wang", "王小明")


@asynccontextmanager
async def open_parks(folder: Path, **settings: Any) -> AsyncIterator[Door]:
    items = department(units=UNITS)
    for code, title, unit, two in (
        ("bench", "长椅许可", "green", False),
        ("hall", "礼堂许可", "green", True),
        ("pond", "水池许可", "blue", False),
    ):
        more = {"unit": unit, "promised_days": 5, "application": {"second_person": two}}
        items += item(code, title, code, fields=FIELDS, required=["plate"], **more)
    parks = write(folder, items)
    plugins: dict[str, Path | str] = {"parks": parks, "mobile_push": "mobile_push", "web_site": "web_site"}
    async with open_door(folder, plugins, settings={"web_site": settings}) as door:
        yield door


async def handed_in(door: Door, code: str = "bench", name: str = "王小明", **answers: Any) -> dict[str, Any]:
    """A case that waits for staff, as its citizen sees it."""
    citizen = door.citizen("wang" if name == "王小明" else name, name)
    body = {"answers": {"plate": "川B12345", **answers}}
    made = (await citizen.post(f"/v1/items/{code}/begin", body)).created()["case"]
    await door.settled()
    case: dict[str, Any] = (await citizen.get(made["links"]["self"])).ok()
    return case
