"""Two departments that publish what was lost, found and who is missing, a clock that tests set, and pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from banshi.kinds.posting import scheduler
from banshi.testing import Person, Reply, open_door
from tests.town.departments import FILE, FILES, NOTHING, both, department, item, write
from tests.town.running import ENGLISH, NOON, Running

UNITS = {"desk": both("失物科", "Lost Property"), "other": both("其他科", "Other Unit")}
COLOURS = [{"const": "black", "title": both("黑色", "Black")}, {"const": "red", "title": both("红色", "Red")}]
REQUIRED = ["sort", "thing", "about", "phone"]
FIELDS = {
    "sort": {"type": "string", "enum": ["lost", "found"]},
    "thing": {"type": "string", "minLength": 1, "maxLength": 60},
    "about": {"type": "string", "minLength": 1, "maxLength": 500},
    "category": {"type": "string", "enum": ["bag", "phone", "pet"]},
    "colour": {"type": "string", "oneOf": COLOURS},
    "brand": {"type": "string", "maxLength": 40},
    "day": {"type": "string", "format": "date"},
    "division": {"type": "string", "format": "cn-division"},
    "place": {"type": "string", "maxLength": 100},
    "phone": {"type": "string", "format": "cn-mobile"},
    "receipt": FILE,
    "photos": {**FILES, "maxItems": 3},
}

RULES = """
sorts = ["lost", "found"]
days = 30
sort = "/sort"
title = "/thing"
texts = ["/about"]
day = "/day"
division = "/division"
place = "/place"
photos = "/photos"
category = "/category"
colour = "/colour"
brand = "/brand"

[[items.posting.facts]]
field = "/colour"
title = { zh-CN = "颜色", en = "Colour" }

[[items.posting.facts]]
field = "/brand"
title = { zh-CN = "品牌", en = "Brand" }

[[items.posting.facts]]
field = "/category"
title = { zh-CN = "类别", en = "Category" }
values = { bag = { zh-CN = "箱包", en = "A bag" } }
"""

BAG = {
    "sort": "lost",
    "thing": "黑色双肩包",
    "about": "内有一本书和一把雨伞，拉链上挂着小熊。",
    "category": "bag",
    "colour": "black",
    "day": "2026-08-30",
    "division": "510703",
    "place": "示例路公交站",
    "phone": "13800000000",
}


def photo(size: tuple[int, int] = (64, 48), form: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, form, **options)
    return out.getvalue()


class Offices(Running):
    """The running departments `parks` and `works`."""

    async def look(self) -> None:
        """What the platform does beside the requests, now."""
        await scheduler.look(self.door.platform)
        await self.door.settled()

    def moderator(self, name: str = "wang", department: str = "parks", unit: str = "/desk") -> Person:
        return self.door.staff(name, f"{department}{unit}:reviewer")

    async def hand_in(self, person: Person, *, department: str = "parks", key: str | None = None, **more: Any) -> Reply:
        """A posting; `more` changes the answers, and None leaves one out."""
        answers = {name: one for name, one in {**BAG, **more}.items() if one is not None}
        path = f"/v1/items/things-{department}/postings"
        return await person.post(path, {"answers": answers}, key=key, headers=ENGLISH)

    async def published(self, person: Person, *, department: str = "parks", **more: Any) -> str:
        """The id of a posting that anybody can read."""
        case = (await self.hand_in(person, department=department, **more)).created()
        moderator = self.moderator(department=department)
        (await self.act(moderator, case["links"]["self"], "publish")).ok()
        identity: str = case["id"]
        return identity

    async def listed(self, **query: str) -> list[str]:
        """The ids on the public list."""
        page = await self.door.anyone.get("/v1/postings", params=query)
        return [one["id"] for one in page.ok()["items"]]

    async def shown(self, person: Person, identity: str) -> dict[str, Any]:
        case: dict[str, Any] = (await person.get(f"/v1/cases/{identity}", headers=ENGLISH)).ok()
        return case


def write_department(folder: Path, name: str, rules: str = RULES) -> Path:
    head = department(name, f"示例{name}", f"Sample {name}", units=UNITS, phone="000-0000000")
    more: dict[str, Any] = {"kind": "posting", "unit": "desk", "promised_days": 2, "result": NOTHING}
    things = item(f"things-{name}", "失物招领", "Lost and found", fields=FIELDS, required=REQUIRED, **more)
    return write(folder, f"{head}{things}[items.posting]\n{rules}", name=name)


@asynccontextmanager
async def open_offices(
    folder: Path, *, database: str | None = None, now: datetime = NOON, rules: str = RULES
) -> AsyncIterator[Offices]:
    plugins: dict[str, Path | str] = {name: write_department(folder, name, rules) for name in ("parks", "works")}
    plugins["mobile_push"] = "mobile_push"
    async with open_door(folder, plugins, platform={"database": database} if database else {}) as door:
        yield Offices(door, now)
