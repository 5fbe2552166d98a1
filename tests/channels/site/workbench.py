"""A department with a workbench: one item that one person decides, and one that takes two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from banshi import Principal, Role
from banshi.testing import Door, Person, open_door

PARKS = """
[department]
code = "parks"
title = { zh-CN = "公园处", en = "Parks" }

[[units]]
code = "green"
title = { zh-CN = "绿化科", en = "Green Unit" }

[[units]]
code = "blue"
title = { zh-CN = "水景科", en = "Blue Unit" }
"""

ITEM = """
[[items]]
code = "{code}"
kind = "application"
unit = "{unit}"
title = {{ zh-CN = "{title}", en = "{code}" }}
summary = {{ zh-CN = "测试事项。", en = "An item for tests." }}
audience = ["person"]
promised_days = 5
result = {{ kind = "answer", title = {{ zh-CN = "答复", en = "Answer" }} }}
application = {{ second_person = {two} }}
[items.form]
type = "object"
additionalProperties = false
required = ["plate"]
[items.form.properties]
plate = {{ type = "string", format = "cn-plate", title = {{ zh-CN = "号牌", en = "Plate" }} }}
[items.form.properties.files]
type = "array"
maxItems = 200
title = {{ zh-CN = "照片", en = "Photos" }}
items = {{ type = "string", format = "uuid", x-attachment = true }}
"""

WANG = Principal("wang", name="王小明")
LI = Principal("li", name="李警官", roles=(Role("reviewer", "parks"), Role("approver", "parks")))
ZHAO = Principal("zhao", name="赵队长", roles=(Role("reviewer", "parks"), Role("approver", "parks")))


def token_of(door: Door, person: Principal) -> Person:
    """The same person at the API."""
    return door.staff(person.subject, *map(str, person.roles)) if person.roles else door.citizen("wang", "王小明")


@asynccontextmanager
async def open_parks(folder: Path, **settings: Any) -> AsyncIterator[Door]:
    parks = folder / "parks"
    parks.mkdir()
    items = [("bench", "长椅许可", "green", "false"), ("hall", "礼堂许可", "green", "true")]
    items += [("pond", "水池许可", "blue", "false")]
    written = "".join(ITEM.format(code=code, title=title, unit=unit, two=two) for code, title, unit, two in items)
    (parks / "items.toml").write_text(PARKS + written, encoding="utf-8")
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
