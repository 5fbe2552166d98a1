"""A department that takes tips without a name, and people of whom a code is all that there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from banshi.testing import Reply
from tests.town.appeals_office import RULES, Offices, open_offices
from tests.town.running import ENGLISH

TIPS = "/v1/items/ask-parks/tips"

#: As `RULES`, for both departments.
UNNAMED = RULES + 'anonymous = "allowed"\n'
ALWAYS = RULES + 'anonymous = "always"\n'


def picture(form: str = "JPEG", size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, form, **options)
    return out.getvalue()


@dataclass
class Tipster:
    """Somebody who has sent a tip."""

    offices: Offices
    code: str
    headers: Mapping[str, str]

    async def read(self) -> dict[str, Any]:
        document: dict[str, Any] = (await self.call("/v1/tips/read")).ok()
        return document

    async def act(self, action: str, **body: Any) -> Reply:
        return await self.call(f"/v1/tips/actions/{action}", **body)

    async def write(self, text: str, *files: str) -> Reply:
        details = {"text": text, **({"attachments": list(files)} if files else {})}
        return await self.act("write", details=details)

    async def call(self, path: str, **body: Any) -> Reply:
        return await self.offices.door.anyone.post(path, {"code": self.code, **body}, headers=self.headers)

    async def upload(self, content: bytes, media_type: str = "image/jpeg") -> Reply:
        return await uploaded(self.offices, content, media_type, self.headers)


async def uploaded(
    offices: Offices, content: bytes, media_type: str = "image/jpeg", headers: Mapping[str, str] = ENGLISH
) -> Reply:
    given = {**headers, "Content-Type": media_type}
    return await offices.door.anyone.call("POST", "/v1/tips/pictures", data=content, headers=given)


async def tipped(
    offices: Offices, text: str = "有人偷路灯", *, headers: Mapping[str, str] = ENGLISH, **answers: Any
) -> Tipster:
    body = {"answers": {"text": text, **answers}}
    made = (await offices.door.anyone.post(TIPS, body, headers=headers)).created()
    return Tipster(offices, made["code"], headers)


async def link_of(offices: Offices, tipster: Tipster) -> str:
    """Where staff find the tip."""
    number = (await tipster.read())["number"]
    chen = offices.door.staff("finder", "parks:reviewer", "works:reviewer")
    rows = (await chen.get("/v1/worklist?limit=100")).ok()["items"]
    return str(next(row["links"]["self"] for row in rows if row["number"] == number))


@asynccontextmanager
async def open_tips(
    folder: Path, *, database: str | None = None, rules: str = UNNAMED, platform: Mapping[str, Any] | None = None
) -> AsyncIterator[Offices]:
    async with open_offices(folder, database=database, rules=rules, platform=platform) as offices:
        yield offices
