"""Alerts by staff: CAP 1.2 from a form, whom they reach, and how Update and Cancel follow them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door, Person, Reply, open_door
from mobile_push.models import Broadcast, FanOut

TRAFFIC = Path(__file__).resolve().parents[2] / "plugins" / "departments" / "traffic"

SETTINGS: dict[str, Any] = {
    "topics": {"exercises": {"zh-CN": "演练", "en": "Exercises"}},
    "alerts": {
        "sender": "alerts@city.example",
        "exercise_topic": "exercises",
        "address": "https://api.city.example",
    },
}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    async with open_door(tmp_path, plugins, settings={"mobile_push": SETTINGS}) as opened:
        yield opened


def area(**changes: Any) -> dict[str, Any]:
    return {"area_desc": "西湖区", "geocode": [{"value_name": "GB/T 2260", "value": "330106"}], **changes}


def info(door: Door, **changes: Any) -> dict[str, Any]:
    return {
        "language": "zh-CN",
        "category": ["Met"],
        "event": "暴雨",
        "urgency": "Immediate",
        "severity": "Severe",
        "certainty": "Observed",
        "expires": moment(door, hours=3),
        "headline": "暴雨红色预警",
        "description": "未来3小时有大暴雨。",
        "instruction": "停止户外活动。",
        "area": [area()],
        **changes,
    }


def moment(door: Door, **apart: float) -> str:
    local = door.platform.now().astimezone(door.platform.settings.timezone) + timedelta(**apart)
    return local.isoformat(timespec="seconds")


def alert(door: Door, **changes: Any) -> dict[str, Any]:
    english = info(
        door, language="en", event="Rainstorm", headline="Red alert for rainstorm", description="Heavy rain."
    )
    document = {
        "department": "traffic",
        "status": "Actual",
        "msg_type": "Alert",
        "scope": "Public",
        "info": [info(door), english],
        **changes,
    }
    return {name: value for name, value in document.items() if value is not ...}


def publisher(door: Door, subject: str = "sun") -> Person:
    return door.staff(subject, "traffic:publisher")


async def create(door: Door, **changes: Any) -> Reply:
    return await publisher(door).post("/v1/alerts", alert(door, **changes))


async def test_an_alert_is_published_at_once_to_who_is_in_its_areas(door: Door) -> None:
    reply = await create(door)
    created = reply.created()
    assert created["state"] == "published"
    assert created["title"] == {"zh-CN": "暴雨红色预警", "en": "Red alert for rainstorm"}
    assert created["body"]["zh-CN"] == "未来3小时有大暴雨。 停止户外活动。"
    assert created["audience"] == {"divisions": ["330106"]}
    assert created["alert"]["sender"] == "alerts@city.example"
    assert created["alert"]["identifier"] == created["id"]
    assert created["expires_at"].startswith(created["alert"]["info"][0]["expires"][:19])
    (stored,) = await Broadcast.all()
    assert stored.seq == 1
    assert await FanOut.all().count() == 0, "no provider is configured here"


async def test_it_is_served_to_anybody(door: Door) -> None:
    created = (await create(door)).created()
    (listed,) = (await door.anyone.get("/v1/alerts")).ok()["items"]
    assert (listed["id"], listed["title"], listed["areas"]) == (created["id"], "暴雨红色预警", ["西湖区"])
    english = (await door.anyone.get(f"/v1/alerts/{created['id']}", headers={"Accept-Language": "en"})).ok()
    assert (english["title"], english["event"]) == ("Red alert for rainstorm", "Rainstorm")
    xml = await door.anyone.get(f"/v1/alerts/{created['id']}.xml")
    assert (xml.status, xml.headers["Content-Type"]) == (200, "application/cap+xml")
    feed = await door.anyone.get("/v1/alerts.atom")
    assert (feed.status, feed.headers["Content-Type"]) == (200, "application/atom+xml")
    assert f"https://api.city.example/v1/alerts/{created['id']}.xml".encode() in feed.body
