"""Several processes and both databases: of two at once one is taken, whichever database they share."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import open_door
from mobile_push.broadcasts import schedule
from mobile_push.tables.models import Broadcast, BroadcastEvent
from tests.mobile_push.conftest import PLUGINS, until_equal
from tests.waiting import until

NOTICE: dict[str, Any] = {
    "department": "traffic",
    "title": {"zh-CN": "停水通知", "en": "No water"},
    "audience": {
        "departments": ["traffic"],
        "divisions": ["330100"],
        "circles": [{"center": [120.1, 30.2], "radius_km": 3}],
    },
}
INFO = {"language": "zh-CN", "category": ["Met"], "event": "暴雨", "urgency": "Immediate", "severity": "Severe"}
ALERT: dict[str, Any] = {
    "department": "traffic",
    "status": "Actual",
    "msg_type": "Alert",
    "scope": "Public",
    "audience": {"everyone": True},
    "info": [{**INFO, "certainty": "Observed"}],
}


def opened(folder: Path, database: str, **settings: Any) -> Any:
    alone = [] if "second_person" in settings else ["traffic"]
    own = {"mobile_push": {"alerts": {"sender": "alerts@city.example"}, "one_person": alone, **settings}}
    return open_door(folder, PLUGINS, settings=own, platform={"database": database})


async def test_the_whole_life_of_notices_and_alerts_on_each_database(tmp_path: Path, database: str) -> None:
    async with opened(tmp_path, database) as door:
        sun = door.staff("sun", "traffic:publisher")
        notice = (await sun.post("/v1/notices", {**NOTICE, "draft": True}, key="k1")).created()
        path = notice["links"]["self"]
        assert (await sun.post("/v1/notices", {**NOTICE, "draft": True}, key="k1")).created() == notice
        (await sun.call("PATCH", path, json={"version": 1, "content": {"en": "# x"}})).ok()
        assert (await sun.get(f"{path}/preview")).ok()["audience"]["phones"] == {}
        people = {"people": {"items": ["zone-pass"], "states": ["approved", "closed"]}}
        named = (await sun.post("/v1/notices", {**NOTICE, "audience": people, "draft": True})).created()
        assert (await sun.get(named["links"]["preview"])).ok()["audience"]["people"] == 0
        (await sun.post(f"{path}/actions/publish")).ok()
        newer = (await sun.post("/v1/notices", {**NOTICE, "supersedes": [notice["id"]]})).created()
        assert (await sun.get(path)).ok()["state"] == "superseded"
        (await sun.post(f"{newer['links']['self']}/actions/recall", {"reason": "错"}, key="k2")).ok()
        alert = (await sun.post("/v1/alerts", ALERT)).created()
        cancel = {**ALERT, "msg_type": "Cancel", "references": [alert["id"]]}
        del cancel["info"], cancel["audience"]
        (await sun.post("/v1/alerts", cancel)).created()
        assert (await door.anyone.get(alert["links"]["self"])).ok()["state"] == "superseded"
        assert (await door.anyone.get(f"{alert['links']['self']}.xml")).status == 200
        assert (await door.anyone.get("/v1/alerts.atom")).body.count(b"<entry") == 1
        assert (await door.anyone.get("/v1/alerts", params={"division": "330106"})).ok()["items"] == []
        numbers = [one.seq for one in await Broadcast.all() if one.seq is not None]
        assert len(numbers) == len(set(numbers)) == 4


async def test_two_processes_approve_publish_and_supersede_at_once_without_doing_it_twice(
    tmp_path: Path, database: str
) -> None:
    async with (
        opened(tmp_path, database, second_person=["traffic"]) as one,
        opened(tmp_path, database, second_person=["traffic"]) as other,
    ):
        sun = one.staff("sun", "traffic:publisher")
        for number in range(3):
            body = {**NOTICE, "title": {"zh-CN": str(number), "en": str(number)}}
            proposed = (await sun.post("/v1/notices", body)).created()
            approve = f"{proposed['links']['self']}/actions/approve"
            people = [door.staff(name, "traffic:publisher") for door in (one, other) for name in ("li", "wu")]
            replies = await asyncio.gather(*(person.post(approve) for person in people))
            assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
        assert await BroadcastEvent.filter(action="approve").count() == 3
        assert sorted([row.seq or 0 for row in await Broadcast.all()]) == [1, 2, 3]


async def test_schedules_of_two_processes_publish_once(tmp_path: Path, database: str) -> None:
    async with opened(tmp_path, database) as one, opened(tmp_path, database) as other:
        sun = one.staff("sun", "traffic:publisher")
        send_at = (one.platform.now() + timedelta(hours=1)).isoformat()
        ids = [(await sun.post("/v1/notices", {**NOTICE, "send_at": send_at})).created()["id"] for _ in range(5)]
        clock = one.platform.now
        for door in (one, other):
            door.platform.now = lambda: clock() + timedelta(hours=2)
        await asyncio.gather(*(schedule.publish_due(door.platform) for door in (one, other, one, other)))
        await until_equal(Broadcast.filter(state="published").count, len(ids))
        assert await BroadcastEvent.filter(action="send").count() == len(ids)
        assert sorted([row.seq or 0 for row in await Broadcast.all()]) == [1, 2, 3, 4, 5]


async def test_a_process_whose_clock_is_an_hour_ahead_publishes_nothing_before_its_time(
    tmp_path: Path, postgres: str
) -> None:
    async with opened(tmp_path, postgres) as one, opened(tmp_path, postgres) as other:
        sun = one.staff("sun", "traffic:publisher")
        send_at = (one.platform.now() + timedelta(minutes=30)).isoformat()
        (await sun.post("/v1/notices", {**NOTICE, "send_at": send_at})).created()
        other.platform.store.shared_clock.machine = lambda: time.time() + 3600
        assert await schedule.publish_due(other.platform) == 0
        assert not await Broadcast.filter(state="published").exists()


async def test_the_schedule_goes_on_after_the_database_was_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.foundation.database.pulse.INTERVAL_S", 0.01)
    failures = []
    look = schedule.publish_due

    async def failing(platform: Any) -> int:
        if len(failures) < 3:
            failures.append(1)
            raise OSError("no database")
        return await look(platform)

    monkeypatch.setattr(schedule, "publish_due", failing)
    async with opened(tmp_path, "") as door:
        sun = door.staff("sun", "traffic:publisher")
        send_at = (door.platform.now() + timedelta(seconds=0.2)).isoformat()
        (await sun.post("/v1/notices", {**NOTICE, "send_at": send_at})).created()
        await until(Broadcast.filter(state="published").exists)
    assert len(failures) == 3
