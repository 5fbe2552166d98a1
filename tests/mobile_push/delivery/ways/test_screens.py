"""What is left to whoever works, and what providers tell us in one call: no part of it is lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from banshi.kernel.runtime.process_role import ProcessRole
from mobile_push.phones import told
from mobile_push.phones.addresses.given import digest_of
from mobile_push.tables.models import Delivery, Device, PhoneReceipt
from tests.mobile_push.delivery.fan_out import broadcast, publish
from tests.mobile_push.delivery.ways.in_memory import SPENT, InBatches, InMemory, opened, register, sent, settled
from tests.waiting import until

#: A server that leaves all work to others.
SERVES = ProcessRole(lanes=frozenset())


async def test_what_is_read_where_nobody_works_leaves_the_other_screens_once_a_worker_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    ways = [InMemory("a"), InBatches("b")]
    async with opened(tmp_path, monkeypatch, ways, database) as door:
        first = await register(door, 1, "a")
        await register(door, 2, "b")
        await register(door, 3, "ab")
        ways[0].says["a-00000003"] = [SPENT._replace(phone_alone=True)]
        one = await sent(door)
        await until(lambda: len(ways[0].took) + len(ways[1].took) == 3)
        await until(settled)
    async with opened(tmp_path, monkeypatch, ways, database, SERVES) as door:
        at = door.platform.now().isoformat()
        read = {"device": first["id"], "receipts": [{"message_id": one, "event": "opened", "at": at}]}
        (await door.citizen("wang").post("/v1/receipts", read)).ok()
        assert not [push for way in ways for push in way.pushes if push.withdrawn]
    async with opened(tmp_path, monkeypatch, ways, database) as door:
        await until(lambda: [push.withdrawn for push in ways[1].pushes].count("read") == 2)
        await until(_all_sent)
    assert not [push for push in ways[0].pushes if push.withdrawn], "the phone on which it was read knows"
    assert [push.withdrawn for push in ways[1].pushes].count("read") == 2


async def _all_sent() -> bool:
    return {one.state for one in await Delivery.all()} == {"sent"}


async def test_a_call_with_more_receipts_than_one_statement_takes_is_taken_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    count = 1_300
    async with opened(tmp_path, monkeypatch, [InMemory("a")], database) as door:
        now = door.platform.now()
        about: dict[str, Any] = {"provider": "a", "platform": "android", "language": "en"}
        about |= {"created_at": now, "seen_at": now}
        tokens = [f"a-{number:0>8}" for number in range(count)]
        devices = [
            Device(id=UUID(int=number), person=f"of-{number}", token=one, token_hash=digest_of("a", one), **about)
            for number, one in enumerate(tokens)
        ]
        await Device.bulk_create(devices)
        message = (await publish(door, await broadcast(door))).id
        body = "\n".join(f"arrived {one} {message} {now.timestamp()}" for one in tokens)
        real, calls = told.record, list[int]()

        async def record(platform: Any, connection: Any, rows: Any, *rest: Any) -> int:
            calls.append(len(rows))
            if len(calls) == 2:
                raise ConnectionError
            return await real(platform, connection, rows, *rest)

        monkeypatch.setattr(told, "record", record)
        headers = {"X-Proof": "known", "Content-Type": "text/plain"}
        for status, kept in ((503, 0), (200, count), (200, count)):
            answer = await door.anyone.call("POST", "/v1/push/receipts/a", data=body, headers=headers)
            assert (answer.status, await PhoneReceipt.all().count()) == (status, kept)
        assert max(calls) <= told.MAX_WRITTEN_AT_ONCE
