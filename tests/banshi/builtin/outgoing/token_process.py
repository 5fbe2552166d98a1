"""A process of a deployment that asks a vendor without a pause, with the token that all processes share."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from banshi.builtin.outgoing import access_token, token
from banshi.sdk.outgoing import AccessToken, Codes, Consequence, Refused, Request, SharedTokens, Token, Vendor
from banshi.testing import open_door

CODES = Codes({"11244": Consequence.TOKEN})


def read(status: int, _: Mapping[str, str], body: bytes) -> Any:
    found = orjson.loads(body)
    if code := found.get("code"):
        raise CODES.refused(code)
    return found


def ask_for(folder: Path, traffic: Path, database: str, url: str, name: str, seconds: float) -> None:
    """It writes in a file of its name how its calls ended."""
    token.MIN_LIFE_S = access_token.FAILURE_HOLDS_S = 0.1
    ended = asyncio.run(_asked(folder, traffic, database, url, seconds))
    (folder / name).write_text(json.dumps(ended), encoding="ascii")


async def _asked(folder: Path, traffic: Path, database: str, url: str, seconds: float) -> Mapping[str, int]:
    ended: Counter[str] = Counter()
    async with (
        open_door(folder, {"traffic": traffic}, platform={"database": database}) as door,
        aiohttp.ClientSession() as session,
    ):
        vendor = Vendor(session, url, 10.0)

        async def fetch(_: str) -> Token:
            found = await vendor.ask(Request(method="POST", path="/token"), read)
            return Token(found["value"], found["seconds"])

        shared = AccessToken("qq:1", fetch, shared=SharedTokens(door.platform))
        until = time.monotonic() + seconds

        async def calls() -> None:
            while time.monotonic() < until:
                try:
                    await vendor.ask_with(shared, lambda value: Request(method="GET", path=f"/send/{value}"), read)
                except Refused as error:
                    ended["later" if error.comes_again else error.consequence.name] += 1
                else:
                    ended["done"] += 1
                await asyncio.sleep(0.005)

        await asyncio.gather(*(calls() for _ in range(5)))
        await shared.close()
    return ended
