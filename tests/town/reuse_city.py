"""A city of two departments that ask for the same documents, a clock that tests set, and people who hand them in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from banshi.testing import TINY_PNG, Door, Person, open_door
from tests.town.departments import FILE, FILES, NOTHING, both, department, item, write
from tests.town.running import Running


def material(field: str, zh: str, document: str, **more: Any) -> dict[str, Any]:
    return {"title": both(zh, field), "source": "authority", "field": f"/{field}", "document": document, **more}


IDENTITY = material("identity", "身份证明", "identity-document", concerns="/name")
REGISTRATION = material("registration", "行驶证", "vehicle-registration", concerns="/plate")


def files(least: int = 1, most: int = 4) -> dict[str, Any]:
    return {**FILES, "minItems": least, "maxItems": most}


def asking(code: str, *materials: dict[str, Any], takes: Mapping[str, Any] = FILE, **more: Any) -> str:
    """An item whose materials stand behind its form."""
    fields = {"name": {"type": "string", "maxLength": 300}, "plate": {"type": "string"}}
    fields |= {one["field"][1:]: takes for one in materials if "field" in one}
    usual = {"required": ["name", "plate"], "result": NOTHING, "materials": materials}
    return item(code, f"{code}事项", f"Item {code}", fields=fields, **{**usual, **more})


class City(Running):
    """The running city."""

    def __init__(self, door: Door) -> None:
        super().__init__(door, datetime.now(UTC))
        self.clerk = door.staff("clerk", "east:reviewer", "east:approver", "west:reviewer", "west:approver")

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
    own = [{"code": "own-form", "title": both("自有证明", "Own certificate"), "reuse_days": 30}]
    places: dict[str, Path | str] = {}
    for name, items in (("east", east), ("west", west)):
        asked = asking(f"{name}-permit", IDENTITY, REGISTRATION) if items is None else items
        places[name] = write(
            folder, department(name, f"{name}局", f"Department of {name}", documents=own) + asked, name=name
        )
    async with open_door(folder, places, platform=platform) as door:
        yield City(door)
