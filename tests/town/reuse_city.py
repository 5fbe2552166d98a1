"""A city of two departments that ask for the same documents, a clock that tests set, and people who hand them in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from banshi.testing import TINY_PNG, Door, Person, open_door

HEAD = """
[department]
code = "{code}"
title = {{ zh-CN = "{code}局", en = "Department of {code}" }}

[[documents]]
code = "own-form"
title = {{ zh-CN = "自有证明", en = "Own certificate" }}
reuse_days = 30
"""

ITEM = """
[[items]]
code = "{code}"
kind = "application"
title = {{ zh-CN = "{code}事项", en = "Item {code}" }}
summary = {{ zh-CN = "示例。", en = "A sample." }}
audience = ["person"]
result = {{ kind = "{result}", title = {{ zh-CN = "结果", en = "Result" }} }}
{more}

[items.form]
type = "object"
additionalProperties = false
required = ["name", "plate"]
properties.name = {{ type = "string", maxLength = 300 }}
properties.plate = {{ type = "string" }}
{fields}
"""

FILE = 'properties.{name} = {{ type = "string", format = "uuid", x-attachment = true }}'
FILES = """
[items.form.properties.{name}]
type = "array"
minItems = {least}
maxItems = {most}
items = {{ type = "string", format = "uuid", x-attachment = true }}
"""

IDENTITY = """
[[items.materials]]
title = { zh-CN = "身份证明", en = "Identity document" }
source = "authority"
field = "/identity"
document = "identity-document"
concerns = "/name"
"""

REGISTRATION = """
[[items.materials]]
title = { zh-CN = "行驶证", en = "Registration" }
source = "authority"
field = "/registration"
document = "vehicle-registration"
concerns = "/plate"
"""


def file(name: str) -> str:
    return FILE.format(name=name)


def files(name: str, least: int = 1, most: int = 4) -> str:
    return FILES.format(name=name, least=least, most=most)


def item(code: str, fields: str, materials: str, *, result: str = "none", more: str = "") -> str:
    """An item whose materials stand behind its form."""
    return ITEM.format(code=code, fields=fields, result=result, more=more) + materials


#: What most tests ask for: both documents, one file each.
BOTH = (file("identity") + "\n" + file("registration"), IDENTITY + REGISTRATION)


class City:
    """The running city."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.now = datetime.now(UTC)
        door.platform.now = lambda: self.now
        self.clerk = door.staff("clerk", "east:reviewer", "east:approver", "west:reviewer", "west:approver")

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def upload(self, person: Person, mark: str = "") -> str:
        """A file with bytes of its own by `mark`."""
        return str((await person.upload(TINY_PNG + mark.encode(), f"{mark or 'scan'}.png")).created()["id"])

    async def hand_in(self, person: Person, code: str, *, reuse: Any = None, **answers: Any) -> Any:
        body = {"answers": {"name": "王小明", "plate": "川B12345", **answers}}
        return await person.post(f"/v1/items/{code}/cases", body | ({"reuse": reuse} if reuse is not None else {}))

    async def decided(self, person: Person, code: str, action: str = "approve", **answers: Any) -> dict[str, Any]:
        """A case of the item with an identity document and a registration, decided by staff."""
        if "identity" not in answers:
            answers |= {"identity": await self.upload(person, f"id-{self.now}")}
            answers |= {"registration": await self.upload(person, f"car-{self.now}")}
        case: dict[str, Any] = (await self.hand_in(person, code, **answers)).created()
        await self.door.settled()
        reason = {"reason": "理由"} if action in {"refuse", "return"} else {}
        (await self.clerk.post(f"{case['links']['self']}/actions/{action}", reason)).ok()
        return case

    async def materials(self, person: Person, code: str, **rest: Any) -> dict[str, Any]:
        """The item's materials by their fields."""
        listed = (await person.get(f"/v1/items/{code}/materials", **rest)).ok()
        return {one["field"]: one for one in listed["materials"]}

    async def offers(self, person: Person, code: str, field: str = "/identity") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.materials(person, code))[field]["offers"]
        return found


def wish(offer: Mapping[str, Any], field: str = "/identity") -> dict[str, str]:
    """The consent that goes with an offer."""
    return {"field": field, "consent": offer["consent"]["id"]}


def id_of(offer: Mapping[str, Any]) -> str:
    """The one file of an offer."""
    (one,) = offer["files"]
    return str(one["id"])


@asynccontextmanager
async def open_city(
    folder: Path, *, east: str | None = None, west: str | None = None, **platform: Any
) -> AsyncIterator[City]:
    """Two departments, `east` and `west`; each has its items, by default one that takes both documents."""
    places: dict[str, Path | str] = {}
    for name, items in (("east", east), ("west", west)):
        places[name] = folder / name
        (folder / name).mkdir(exist_ok=True)
        own = items if items is not None else item(f"{name}-permit", *BOTH)
        (folder / name / "items.toml").write_text(HEAD.format(code=name) + own, encoding="utf-8")
    async with open_door(folder, places, platform=platform) as door:
        yield City(door)
