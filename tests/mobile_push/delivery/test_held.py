"""While what goes out is held nothing reaches a provider, on both databases; and no phone misses a message because the
database was restored from a time before what it has read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from banshi.ops.holding import hold, resume
from mobile_push.broadcasts.publication import next_number
from mobile_push.delivery import jobs
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox import standings
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Delivery
from tests.mobile_push.conftest import OpenPush, register, send
from tests.waiting import until


async def observed(holds: Callable[[], Any]) -> None:
    """It holds for as long as several rounds of a courier take."""
    ends = time.monotonic() + 0.5
    while time.monotonic() < ends:
        assert holds()
        await asyncio.sleep(0.02)


async def test_a_message_is_read_and_not_pushed_while_it_is_held_and_pushed_once_it_is_released(
    open_push: OpenPush, database: str, sandbox: FcmSandbox
) -> None:
    async with open_push(database=database) as door:
        await register(door, "phone-wang", "wang")
        assert await hold(door.platform.store, "looking")
        await send(door, "wang")
        assert len((await door.citizen("wang").get("/v1/inbox")).ok()["items"]) == 1
        await observed(lambda: not sandbox.received)
        assert (await jobs.waiting(door.platform.store))["deliveries"] == 1
        assert await resume(door.platform.store)
        await until(lambda: sandbox.received)


async def test_deliveries_from_before_a_moment_are_given_up_and_stay_in_the_inbox(
    open_push: OpenPush, database: str, sandbox: FcmSandbox
) -> None:
    async with open_push(database=database) as door:
        await register(door, "phone-wang", "wang")
        await hold(door.platform.store, "looking")
        await send(door, "wang", created_at=datetime.fromtimestamp(time.time() - 60, UTC))
        late = await send(door, "wang")
        moment = int((time.time() - 30) * 1000)
        assert await jobs.drop(door.platform.store, "deliveries", moment) == 1
        assert await jobs.drop(door.platform.store, "deliveries", moment) == 0
        await resume(door.platform.store)
        await until(lambda: sandbox.received)
        assert late.id in sandbox.received[0].raw.decode()
        states = await Delivery.all().order_by("id").values_list("state", flat=True)
        assert states[0] == "dropped"
        assert len((await door.citizen("wang").get("/v1/inbox")).ok()["items"]) == 2


async def test_a_notice_is_walked_only_once_it_is_released_or_is_given_up(
    open_push: OpenPush, database: str, sandbox: FcmSandbox
) -> None:
    async with open_push(database=database) as door:
        await register(door, "phone-wang", "wang")
        await hold(door.platform.store, "looking")
        editor = door.staff("li", "traffic:publisher")
        text = {"zh-CN": "通告", "en": "Notice"}
        notice = {"department": "traffic", "title": text, "body": text, "audience": {"everyone": True}}
        for _ in range(2):
            made = await editor.post("/v1/notices", notice)
            assert made.status in (200, 201), made.body
        await observed(lambda: not sandbox.received)
        assert (await jobs.waiting(door.platform.store))["broadcasts"] == 2
        assert await jobs.drop(door.platform.store, "broadcasts", int(time.time() * 1000) + 60_000) == 2
        await resume(door.platform.store)
        await observed(lambda: not sandbox.received)
        assert (await jobs.waiting(door.platform.store))["broadcasts"] == 0


async def test_after_a_restore_every_log_goes_on_behind_all_that_a_phone_can_have_read(
    open_push: OpenPush, database: str
) -> None:
    async with open_push(database=database) as door:
        await send(door, "wang")
        store = door.platform.store
        for times in (1, 2):
            for statement in inbox_messages.AFTER_RESTORE:
                await store.connection.execute_query(statement)
            floor = times * inbox_messages.RESTORE_GAP
            # Whom the restored database knows, and who wrote for the first time after the backup.
            for name in ("wang", f"new-{times}"):
                before = (await standings.tops(door.platform, [name])).get(name, 0)
                await send(door, name)
                (item,) = (await door.citizen(name).get(f"/v1/inbox?after={max(before, floor)}")).ok()["items"]
                assert item["seq"] > floor
            assert await next_number(door.platform, store.connection) > floor
        await send(door, "wang")
        numbers = [item["seq"] for item in (await door.citizen("wang").get("/v1/inbox")).ok()["items"]]
        assert numbers[-1] == numbers[-2] + 1, "and then without a gap"
