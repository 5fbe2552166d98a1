"""A phone may be connected to any process: what happens at another one reaches it as quickly, and by its own wishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from banshi import Message
from banshi.sdk.events import SIGNALS
from banshi.testing import Door, open_door
from mobile_push.delivery.service import PUSH, deliver
from mobile_push.inbox.hub import Hub
from tests.conftest import good_answers
from tests.mobile_push.conftest import PLUGINS
from tests.mobile_push.inbox.stream.test_stream import Phone
from tests.mobile_push.inbox.test_message_states import IN_STEP_S, App
from tests.servers import redis_servers
from tests.waiting import until

#: Seconds within which news are on the phone; longer than a busy machine needs, shorter than any look of its own.
AT_ONCE = 3.0

#: As long between two looks that a test never sees one.
NEVER = 3600.0


@pytest.fixture
async def two(tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Door, Door]]:
    """Two platforms on one database, of which none finds anything by looking for it."""
    monkeypatch.setattr("banshi.foundation.database.pulse.INTERVAL_S", NEVER)
    topics = {"roads": {"zh-CN": "道路", "en": "Roads"}}
    settings = {"mobile_push": {"heartbeat": NEVER, "topics": topics, "one_person": ["traffic"]}}
    async with AsyncExitStack() as stack:
        doors = []
        for _ in range(2):
            opening = open_door(tmp_path, PLUGINS, settings=settings, platform={"database": postgres})
            doors.append(await stack.enter_async_context(opening))
            await asyncio.wait_for(doors[-1].platform[SIGNALS].connected.wait(), AT_ONCE)
        yield doors[0], doors[1]


@asynccontextmanager
async def following(door: Door, person: str) -> AsyncIterator[Phone]:
    """A phone that follows its stream, once the server knows its wishes."""
    phone = Phone(door, person)
    task = asyncio.create_task(phone.follow())
    await until(lambda: any(stream.current for stream in streams(door, person)), AT_ONCE)
    try:
        yield phone
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def streams(door: Door, person: str) -> list[Any]:
    hub: Hub = door.platform[PUSH].hub
    return [stream for stream in hub.all() if stream.person == person]


async def test_a_case_that_is_decided_at_one_process_is_on_the_phone_at_another_at_once(two: tuple[Door, Door]) -> None:
    here, there = two
    wang = here.citizen("wang")
    async with following(there, "wang") as phone:
        (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
        await until(lambda: phone.messages, 10)
        assert phone.messages[0]["kind"] == "case"


async def publish(door: Door, audience: Any) -> None:
    document = {"department": "traffic", "title": {"zh-CN": "通知", "en": "Notice"}, "audience": audience}
    (await door.staff("li", "traffic:publisher").post("/v1/notices", document)).created()


async def test_a_notice_that_is_published_at_one_process_is_on_the_streams_of_another_at_once(
    two: tuple[Door, Door],
) -> None:
    here, there = two
    async with following(there, "wang") as phone:
        await publish(here, {"everyone": True})
        await until(lambda: phone.messages, AT_ONCE)
        assert phone.messages[0]["title"] == "通知"


async def follow_roads(door: Door, person: str) -> None:
    citizen = door.citizen(person)
    wishes = (await citizen.get("/v1/preferences")).ok()
    (await citizen.put("/v1/preferences", {**wishes, "topics": ["roads"]})).ok()


async def test_what_somebody_wishes_at_one_process_decides_what_their_stream_at_another_is_told(
    two: tuple[Door, Door],
) -> None:
    here, there = two
    async with following(there, "wang") as phone:
        before = streams(there, "wang")[0].listener
        await follow_roads(here, "wang")
        await until(lambda: streams(there, "wang")[0].listener != before, AT_ONCE)
        await publish(here, {"topics": ["roads"]})
        await until(lambda: phone.messages, AT_ONCE)


async def test_wishes_that_changed_while_the_processes_could_not_hear_each_other_are_looked_up_afterwards(
    two: tuple[Door, Door],
) -> None:
    here, there = two
    async with following(there, "wang"):
        before = streams(there, "wang")[0].listener
        signals, heeding = there.platform[SIGNALS], dict(there.platform[SIGNALS]._heeding)
        signals._heeding.clear()
        await follow_roads(here, "wang")
        await asyncio.sleep(0.2)
        assert streams(there, "wang")[0].listener == before
        signals._heeding.update(heeding)
        signals._absence.begin(OSError("gone"))
        signals._connected()
        await until(lambda: streams(there, "wang")[0].listener != before, AT_ONCE)


async def test_whoever_is_forgotten_at_one_process_has_no_stream_at_another(two: tuple[Door, Door]) -> None:
    here, there = two
    phone = Phone(there, "wang")
    task = asyncio.create_task(phone.follow())
    await until(lambda: streams(there, "wang"), AT_ONCE)
    assert (await here.citizen("wang").delete("/v1/me/push")).status == 204
    await until(lambda: not streams(there, "wang"), AT_ONCE)
    await asyncio.gather(task, return_exceptions=True)


async def both_show(two: tuple[Door, Door]) -> None:
    """A phone at each process: what is read, archived and deleted by one is so on the other."""
    here, there = two
    phones = [App(here), App(there)]
    async with phones[0].connected_to(), phones[1].connected_to():
        await deliver(here.platform, [about(f"wang-{number}") for number in range(3)])
        await until(lambda: all(len(phone.kept) == 3 for phone in phones), 10)
        one, two_, three = phones[0].kept
        wang = there.citizen("wang")
        for method, path, body, shown in (
            ("PATCH", f"/v1/inbox/{one}", {"read": True}, {one: (True, False)}),
            ("PATCH", f"/v1/inbox/{two_}", {"archived": True}, {two_: (False, True)}),
            ("POST", "/v1/inbox/read", {"through": 3}, {three: (True, False), two_: (True, True)}),
        ):
            (await wang.call(method, path, json=body)).ok()
            for phone in phones:
                await until(lambda phone=phone, shown=shown: shown.items() <= phone.shown.items(), IN_STEP_S)
        assert (await wang.delete(f"/v1/inbox/{one}")).status == 204
        for phone in phones:
            await until(lambda phone=phone: phone.shown == {two_: (True, True), three: (True, False)}, IN_STEP_S)


def about(name: str) -> Message:
    texts = {"zh-CN": name, "en": name}
    identity = str(uuid4())
    return Message(
        id=identity, kind="case", person="wang", title=texts, body=texts, link="/", created_at=datetime.now(UTC)
    )


async def test_two_phones_at_two_processes_show_the_same_within_a_second(two: tuple[Door, Door]) -> None:
    await both_show(two)


async def test_two_phones_at_two_processes_show_the_same_within_a_second_by_redis(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.foundation.database.pulse.INTERVAL_S", NEVER)
    with redis_servers.alone(tmp_path / "redis") as redis:
        async with AsyncExitStack() as stack:
            doors = []
            for _ in range(2):
                platform = {"database": postgres, "redis": {"url": f"redis://127.0.0.1:{redis.port}"}}
                opening = open_door(
                    tmp_path, PLUGINS, settings={"mobile_push": {"heartbeat": NEVER}}, platform=platform
                )
                doors.append(await stack.enter_async_context(opening))
                await asyncio.wait_for(doors[-1].platform[SIGNALS].connected.wait(), AT_ONCE)
            await both_show((doors[0], doors[1]))
