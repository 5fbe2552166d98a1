"""Two departments with appeals, a clock that tests set, and people who appeal there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from banshi.testing import Door, Person, open_door

CITY = ZoneInfo("Asia/Shanghai")

#: A Tuesday. The calendar knows this year's holidays.
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=CITY)

DEPARTMENT = """
[department]
code = "{name}"
title = {{ zh-CN = "示例{name}", en = "Sample {name}" }}
phone = "000-0000000"

[[units]]
code = "east"
title = {{ zh-CN = "东科", en = "East Unit" }}

[[units]]
code = "west"
title = {{ zh-CN = "西科", en = "West Unit" }}

[[items]]
code = "ask-{name}"
kind = "appeal"
unit = "east"
title = {{ zh-CN = "提问", en = "Ask" }}
summary = {{ zh-CN = "提一个问题。", en = "Ask something." }}
audience = ["person"]
promised_days = 5
result = {{ kind = "answer", title = {{ zh-CN = "答复", en = "Answer" }} }}

[items.form]
type = "object"
additionalProperties = false
required = ["text"]
properties.text = {{ type = "string", minLength = 1, maxLength = 200 }}
properties.photo = {{ type = "string", format = "uuid", x-attachment = true }}

[items.appeal]
{rules}
"""

RULES = """
sorts = ["consult", "complain"]
days = { complain = 10 }
reopen_below = 3
categories = [
  { code = "roads", title = { zh-CN = "道路", en = "Roads" } },
  { code = "noise", title = { zh-CN = "噪声", en = "Noise" } },
]
"""

ENGLISH = {"Accept-Language": "en"}


class Offices:
    """The running departments `parks` and `works`."""

    def __init__(self, door: Door, now: datetime) -> None:
        self.door = door
        self.now = now
        door.platform.now = lambda: self.now.astimezone(UTC)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def reviewer(self, name: str = "chen", place: str = "parks/east") -> Person:
        return self.door.staff(name, f"{place}:reviewer")

    async def asked(self, person: Person, text: str = "路灯坏了", **more: Any) -> str:
        """The address of a new appeal."""
        body = {"answers": {"text": text}, **more}
        link: str = (await person.post("/v1/items/ask-parks/cases", body)).created()["links"]["self"]
        return link

    async def act(self, person: Person, link: str, action: str, reason: str = "", **details: Any) -> Any:
        """The answer to a step."""
        body: dict[str, Any] = {"details": details} if details else {}
        body |= {"reason": reason} if reason else {}
        return await person.post(f"{link}/actions/{action}", body, headers=ENGLISH)

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

    async def told(self, person: Person) -> list[str]:
        """The titles of what somebody was told, the oldest first."""
        await self.door.settled()
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
