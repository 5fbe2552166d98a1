"""Several processes share the pushes lane by lane, as their operator has told them, and each message goes out once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from banshi import Message
from banshi.sdk.events import SIGNALS
from banshi.sdk.operations import ProcessRole
from banshi.testing import Door
from mobile_push.sandbox import FcmSandbox
from tests.mobile_push.conftest import OpenPush, send
from tests.mobile_push.delivery.fan_out import TITLE, broadcast, phones, publish
from tests.waiting import until

Send = Callable[..., Awaitable[Message]]

#: Longer than any process here takes to look for what others have left.
A_MOMENT = 1.5


def only(*lanes: str) -> ProcessRole:
    return ProcessRole(serves=False, lanes=frozenset(lanes))


def sent_to(sandbox: FcmSandbox) -> Iterable[str]:
    return sorted(one.token for one in sandbox.received)


async def everything(door: Door, send: Send) -> None:
    """A message in each lane, to a phone each, and a notice and an alert to two more."""
    for kind in ("case", "alert", "notice"):
        await phones(door, 1, kind)
        await send(door, f"{kind}-0", kind=kind)


async def test_a_server_without_work_sends_nothing_and_each_lane_s_worker_sends_its_own(
    open_push: OpenPush, postgres: str, sandbox: FcmSandbox
) -> None:
    async with open_push(database=postgres, duty=ProcessRole(lanes=frozenset())) as server:
        await everything(server, send)
        await asyncio.sleep(A_MOMENT)
        assert sent_to(sandbox) == []
        async with open_push(database=postgres, duty=only("alert")):
            await until(lambda: sent_to(sandbox) == ["alert-000000"])
            await asyncio.sleep(A_MOMENT)
            assert sent_to(sandbox) == ["alert-000000"]
        async with open_push(database=postgres, duty=only("case", "notice")):
            await until(lambda: sent_to(sandbox) == ["alert-000000", "case-000000", "notice-000000"])


async def test_a_broadcast_of_a_server_without_work_is_walked_and_sent_by_those_for_its_lane(
    open_push: OpenPush, postgres: str, sandbox: FcmSandbox
) -> None:
    async with open_push(database=postgres, duty=ProcessRole(lanes=frozenset())) as server:
        tokens = await phones(server, 60)
        await publish(server, await broadcast(server))
        async with open_push(database=postgres, duty=only("alert", "case")):
            await asyncio.sleep(A_MOMENT)
            assert sent_to(sandbox) == []
        async with (
            open_push(database=postgres, duty=only("notice")),
            open_push(database=postgres, duty=only("notice", "alert")),
        ):
            await until(lambda: len(sandbox.received) >= len(tokens))
            await asyncio.sleep(0.2)
            assert sent_to(sandbox) == tokens


async def test_what_a_first_message_needs_is_ready_where_it_is_sent_once_a_notice_is_written(
    open_push: OpenPush, postgres: str, sandbox: FcmSandbox
) -> None:
    document = {"department": "traffic", "title": TITLE, "audience": {"everyone": True}, "draft": True}
    async with open_push(database=postgres, duty=ProcessRole(lanes=frozenset())) as server:
        async with open_push(database=postgres, duty=only("notice")) as worker:
            for door in (server, worker):
                await asyncio.wait_for(door.platform[SIGNALS].connected.wait(), 10)
            sun = server.staff("sun", "traffic:publisher")
            assert sandbox.token_requests == 0, "before anybody writes one nothing is fetched"
            draft = (await sun.post("/v1/notices", document)).created()
            await until(lambda: sandbox.token_requests == 1)
        # Whoever sends nothing fetches nothing, and all that was fetched was for no message.
        (await sun.post(f"{draft['links']['self']}/actions/cancel", {})).ok()
        await asyncio.sleep(A_MOMENT)
    assert (sandbox.token_requests, sandbox.answers) == (1, {})


async def test_a_server_without_work_lets_phones_register_for_all_the_same(open_push: OpenPush, postgres: str) -> None:
    async with open_push(database=postgres, duty=ProcessRole(lanes=frozenset())) as server:
        body: dict[str, Any] = {"provider": "fcm", "token": "made-up-token", "platform": "android"}
        (await server.citizen("wang").post("/v1/devices", body)).created()
