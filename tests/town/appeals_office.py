"""Two departments with appeals, a clock that tests set, and people who appeal there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from banshi.testing import Person, Reply, open_door
from tests.town.departments import FILE, both, department, item, write
from tests.town.running import ENGLISH, NOON, Running

UNITS = {"east": both("东科", "East Unit"), "west": both("西科", "West Unit")}

RULES = """
sorts = ["consult", "complain"]
days = { complain = 10 }
reopen_below = 3
categories = [
  { code = "roads", title = { zh-CN = "道路", en = "Roads" } },
  { code = "noise", title = { zh-CN = "噪声", en = "Noise" } },
]
"""


class Offices(Running):
    """The running departments `parks` and `works`."""

    def reviewer(self, name: str = "chen", place: str = "parks/east") -> Person:
        return self.door.staff(name, f"{place}:reviewer")

    async def asked(self, person: Person, text: str = "路灯坏了", **more: Any) -> str:
        """The address of a new appeal."""
        body = {"answers": {"text": text}, **more}
        link: str = (await person.post("/v1/items/ask-parks/cases", body)).created()["links"]["self"]
        return link

    async def act(self, person: Person, link: str, action: str, reason: str = "", **details: Any) -> Reply:
        return await super().act(person, link, action, reason, **({"details": details} if details else {}))

    async def answered(self, person: Person, link: str, text: str = "明天修好。") -> None:
        """Assign and answer it."""
        (await self.act(person, link, "assign", category="roads")).ok()
        (await self.act(person, link, "answer", text=text)).ok()

    async def rated(self, citizen: Person, link: str, stars: int, text: str = "") -> dict[str, Any]:
        """The case after a rating and what the platform makes of it."""
        (await self.act(citizen, link, "rate", rating=stars, **({"text": text} if text else {}))).ok()
        await self.door.settled()
        return await self.shown(citizen, link)

    async def shown(self, person: Person, link: str) -> dict[str, Any]:
        case: dict[str, Any] = (await person.get(link, headers=ENGLISH)).ok()
        return case


def write_department(folder: Path, name: str, rules: str = RULES) -> Path:
    head = department(name, f"示例{name}", f"Sample {name}", units=UNITS, phone="000-0000000")
    text = {"type": "string", "minLength": 1, "maxLength": 200}
    fields = {"text": text, "photo": FILE}
    asked = item(
        *(f"ask-{name}", "提问", "Ask"), kind="appeal", unit="east", promised_days=5, fields=fields, required=["text"]
    )
    return write(folder, f"{head}{asked}[items.appeal]\n{rules}", name=name)


@asynccontextmanager
async def open_offices(
    folder: Path,
    *,
    database: str | None = None,
    now: datetime = NOON,
    rules: str = RULES,
    platform: Mapping[str, Any] | None = None,
) -> AsyncIterator[Offices]:
    plugins: dict[str, Path | str] = {name: write_department(folder, name, rules) for name in ("parks", "works")}
    plugins["mobile_push"] = "mobile_push"
    settings = {**(platform or {}), **({"database": database} if database else {})}
    async with open_door(folder, plugins, platform=settings) as door:
        yield Offices(door, now)
