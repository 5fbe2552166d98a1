"""People who send tips without a name, of whom a code is all that there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from banshi.testing import Reply
from tests.town.town import ENGLISH, Town

TIPS = "/v1/items/ask-parks/tips"


@dataclass
class Tipster:
    """Somebody who has sent a tip."""

    town: Town
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
        return await self.town.door.anyone.post(path, {"code": self.code, **body}, headers=self.headers)

    async def upload(self, content: bytes, media_type: str = "image/jpeg") -> Reply:
        return await uploaded(self.town, content, media_type, self.headers)


async def uploaded(
    town: Town, content: bytes, media_type: str = "image/jpeg", headers: Mapping[str, str] = ENGLISH
) -> Reply:
    given = {**headers, "Content-Type": media_type}
    return await town.door.anyone.call("POST", "/v1/tips/pictures", data=content, headers=given)


async def tipped(
    town: Town, text: str = "有人偷路灯", *, headers: Mapping[str, str] = ENGLISH, **answers: Any
) -> Tipster:
    body = {"answers": {"text": text, **answers}}
    made = (await town.door.anyone.post(TIPS, body, headers=headers)).created()
    return Tipster(town, made["code"], headers)


async def link_of(town: Town, tipster: Tipster) -> str:
    """Where staff find the tip."""
    number = (await tipster.read())["number"]
    chen = town.door.staff("finder", "parks:reviewer", "works:reviewer")
    rows = (await chen.get("/v1/worklist?limit=100")).ok()["items"]
    return str(next(row["links"]["self"] for row in rows if row["number"] == number))
