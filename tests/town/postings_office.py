"""Two departments that publish what was lost, found and who is missing, a clock that tests set, and pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image

from banshi.kinds.posting import scheduler
from banshi.testing import Door, Person, Reply, open_door

CITY = ZoneInfo("Asia/Shanghai")

#: A Tuesday. The calendar knows this year's holidays.
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=CITY)

DEPARTMENT = """
[department]
code = "{name}"
title = {{ zh-CN = "示例{name}", en = "Sample {name}" }}
phone = "000-0000000"

[[units]]
code = "desk"
title = {{ zh-CN = "失物科", en = "Lost Property" }}

[[units]]
code = "other"
title = {{ zh-CN = "其他科", en = "Other Unit" }}

[[items]]
code = "things-{name}"
kind = "posting"
unit = "desk"
title = {{ zh-CN = "失物招领", en = "Lost and found" }}
summary = {{ zh-CN = "丢了或捡到东西。", en = "Lost or found something." }}
audience = ["person"]
promised_days = 2
result = {{ kind = "none", title = {{ zh-CN = "公示", en = "The posting" }} }}

[items.form]
type = "object"
additionalProperties = false
required = ["sort", "thing", "about", "phone"]
properties.sort = {{ type = "string", enum = ["lost", "found"] }}
properties.thing = {{ type = "string", minLength = 1, maxLength = 60 }}
properties.about = {{ type = "string", minLength = 1, maxLength = 500 }}
properties.category = {{ type = "string", enum = ["bag", "phone", "pet"] }}
properties.colour.type = "string"
properties.colour.oneOf = [
  {{ const = "black", title = {{ zh-CN = "黑色", en = "Black" }} }},
  {{ const = "red", title = {{ zh-CN = "红色", en = "Red" }} }},
]
properties.brand = {{ type = "string", maxLength = 40 }}
properties.day = {{ type = "string", format = "date" }}
properties.division = {{ type = "string", format = "cn-division" }}
properties.place = {{ type = "string", maxLength = 100 }}
properties.phone = {{ type = "string", format = "cn-mobile" }}
properties.receipt = {{ type = "string", format = "uuid", x-attachment = true }}

[items.form.properties.photos]
type = "array"
maxItems = 3
items = {{ type = "string", format = "uuid", x-attachment = true }}

[items.posting]
{rules}
"""

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

ENGLISH = {"Accept-Language": "en"}

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


class Offices:
    """The running departments `parks` and `works`."""

    def __init__(self, door: Door, now: datetime) -> None:
        self.door = door
        self.now = now
        door.platform.now = lambda: self.now.astimezone(UTC)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

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

    async def act(self, person: Person, link: str, action: str, reason: str = "", **more: Any) -> Reply:
        body = {**({"reason": reason} if reason else {}), **more}
        return await person.post(f"{link}/actions/{action}", body, headers=ENGLISH)

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

    async def told(self, person: Person) -> list[str]:
        """The titles of what somebody was told, the oldest first."""
        return [one["title"] for one in await self.inbox(person)]

    async def inbox(self, person: Person) -> list[dict[str, Any]]:
        await self.door.settled()
        rows: list[dict[str, Any]] = (await person.get("/v1/inbox", headers=ENGLISH)).ok()["items"]
        return rows


def write_department(folder: Path, name: str, rules: str = RULES) -> Path:
    place = folder / name
    place.mkdir(exist_ok=True)
    (place / "items.toml").write_text(DEPARTMENT.format(name=name, rules=rules), encoding="utf-8")
    return place


@asynccontextmanager
async def open_offices(
    folder: Path, *, database: str | None = None, now: datetime = NOON, rules: str = RULES
) -> AsyncIterator[Offices]:
    plugins: dict[str, Path | str] = {name: write_department(folder, name, rules) for name in ("parks", "works")}
    plugins["mobile_push"] = "mobile_push"
    async with open_door(folder, plugins, platform={"database": database} if database else {}) as door:
        yield Offices(door, now)
