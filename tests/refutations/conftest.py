"""A platform with refutations, two officers who publish, and what they write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest_asyncio

from banshi.testing import Door, Person, Reply, open_door
from tests.places import TRAFFIC

PLUGINS: Mapping[str, Path | str] = {"traffic": TRAFFIC, "refutations": "refutations"}

BRIDGE = {"zh-CN": "示例大桥垮塌", "en": "The example bridge has fallen"}
CLAIM = "示例大桥刚刚垮了，好多车掉下去，快转给家人！"

#: What there is to say within the hour.
CHECKING: dict[str, Any] = {"rating": "checking", "about": BRIDGE, "claim": CLAIM, "where": {"zh-CN": "微信群"}}

#: What there is to say at last.
UNTRUE: dict[str, Any] = {
    **CHECKING,
    "rating": "untrue",
    "seen_on": "2026-11-29",
    "finding": {"zh-CN": "大桥完好，没有垮塌，没有人员伤亡。", "en": "The bridge is whole; nobody was hurt."},
    "checked_by": {"zh-CN": "交警支队和桥梁管理单位", "en": "The traffic police and the bridge's operator"},
    "checked_how": {"zh-CN": "到现场查看"},
    "checked_at": "2026-11-29T21:00:00+08:00",
    "facts": {"zh-CN": "大桥正在做定期检测。"},
    "handling": {"zh-CN": "发布者已依法处理。"},
    "sources": [{"title": "桥梁检测公告", "url": "https://city.example/bridge?a=1&b=2", "on": "2026-11-20"}],
}


class Office:
    """Two officers of one department, and one of their records."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.sun = door.staff("sun", "traffic:publisher")
        self.li = door.staff("li", "traffic:publisher")

    async def write(self, words: Mapping[str, Any] = CHECKING, **more: Any) -> Any:
        return (await self.sun.post("/v1/refutations", {"department": "traffic", **words, **more})).created()

    async def record(self, one: Mapping[str, Any], person: Person | None = None) -> Any:
        return (await (person or self.sun).get(one["links"]["record"])).ok()

    async def rewrite(self, one: Mapping[str, Any], words: Mapping[str, Any], person: Person | None = None) -> Reply:
        version = (await self.record(one))["version"]
        return await (person or self.sun).put(one["links"]["record"], {**words, "version": version})

    async def act(self, one: Mapping[str, Any], action: str, person: Person | None = None, **body: Any) -> Reply:
        body = {"version": (await self.record(one))["version"], **body}
        return await (person or self.sun).post(f"{one['links']['self']}/actions/{action}", body)

    async def publish(self, words: Mapping[str, Any] = CHECKING, **more: Any) -> Any:
        """Written by one, approved by the other."""
        one = await self.write(words, **more)
        (await self.act(one, "propose")).ok()
        return (await self.act(one, "approve", self.li)).ok()

    async def correct(self, one: Mapping[str, Any], words: Mapping[str, Any]) -> Any:
        (await self.rewrite(one, words)).ok()
        (await self.act(one, "propose")).ok()
        return (await self.act(one, "approve", self.li)).ok()


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with open_door(tmp_path, PLUGINS) as door:
        yield Office(door)
