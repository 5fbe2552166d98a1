"""Run in a copy of the house whose TOMLs alone have a third language, xx: what people who read it get, as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from banshi.builtin.checks import findings
from banshi.testing import Door, open_door

XX = {"Accept-Language": "xx"}


async def on_the_api(door: Door) -> dict[str, Any]:
    wang = door.citizen("wang")
    item = (await wang.get("/v1/items/zone-pass", headers=XX)).ok()
    wrong = await wang.post("/v1/items/zone-pass/cases", {"answers": {}}, headers=XX)
    nothing = await wang.get("/v1/cases/00000000-0000-7000-8000-000000000000", headers=XX)
    return {
        "item": [item[name] for name in ("title", "summary", "kind_title", "department_title")],
        "problem": [one["detail"] for one in json.loads(wrong.body)["problems"]],
        "not found": json.loads(nothing.body)["title"],
        "tag": wrong.headers["Content-Language"],
    }


async def in_a_chat(door: Door) -> list[str]:
    from conversations import CONVERSATIONS, Account, Received, Text

    class Demo:
        name = "demo:chat"

    account: Account = Demo()
    told = []
    for key, words in enumerate(("zone-pass", "")):
        received = Received(key=str(key), contact="li", content=Text(words), at=door.platform.now(), language="xx")
        told.append((await door.platform[CONVERSATIONS].take(account, received)).text)
    return told


async def on_a_page(door: Door) -> str:
    page = await door.citizen("wang").get("/site/items/zone-pass", headers=XX)
    return page.body.decode()


async def in_notices(door: Door) -> list[str]:
    """Of a case, and of a notice to everybody."""
    sun, texts = door.citizen("sun"), {"zh-CN": "通知", "en": "Notice", "xx": "[xx] Notice"}
    notice = {"department": "traffic", "title": texts, "body": texts, "audience": {"everyone": True}}
    record = (await door.staff("zhao", "traffic:publisher").post("/v1/notices", notice)).created()
    (await door.staff("qian", "traffic:publisher").post(f"/v1/notices/{record['id']}/actions/approve")).ok()
    answers = {"kind": "congestion", "division": "510703", "place": "示例大道", "text": "车多缓行"}
    (await sun.post("/v1/items/road-report/begin", {"answers": answers}, headers=XX)).created()
    await door.settled()
    inbox = (await sun.get("/v1/inbox", headers=XX)).ok()["items"]
    return [one["title"] for one in inbox]


async def main(folder: Path) -> None:
    root = Path.cwd()
    plugins: dict[str, Path | str] = {
        "traffic": root / "plugins" / "departments" / "traffic",
        "mobile_push": "mobile_push",
        "conversations": "conversations",
        "web_site": "web_site",
    }
    async with open_door(folder, plugins) as door:
        told = {
            "api": await on_the_api(door),
            "chat": await in_a_chat(door),
            "page": await on_a_page(door),
            "notices": await in_notices(door),
            "found": [str(one) for one in findings(door.platform.registry)],
        }
    json.dump(told, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
