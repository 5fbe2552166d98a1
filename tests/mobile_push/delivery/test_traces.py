"""A broadcast's trace: from its publication over the walk to each chunk of phones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from banshi.sdk.operations import traced
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Broadcast
from tests.mobile_push.conftest import SMALL, OpenPush, hurry
from tests.mobile_push.delivery.fan_out import broadcast, phones, publish
from tests.servers.collector import Collector, collecting
from tests.waiting import until

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    hurry(monkeypatch, SMALL)
    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        yield found


@pytest.mark.parametrize("kind", ["alert", "notice"])
async def test_the_walk_and_every_chunk_belong_to_the_publication(
    kind: str, open_push: OpenPush, sandbox: FcmSandbox, collector: Collector
) -> None:
    async with open_push() as door:
        tokens = await phones(door, 60)
        with traced(door.platform, "parks publish", GIVEN) as span:
            one = await publish(door, await broadcast(door, kind))
        await until(lambda: len(sandbox.received) >= len(tokens))
        await until(lambda: collector.named("broadcast plan") and accepted(collector) == len(tokens))
    assert one.trace == span.trace
    assert (await told(collector, "broadcast plan"))["banshi.lane"] == kind
    parents = {seen.parent for name in ("broadcast plan", "push chunk") for seen in collector.named(name)}
    assert parents == {span.trace.split("-")[2]}
    assert not [one for one in tokens if one.encode() in bytes(collector.raw)]


def accepted(collector: Collector) -> int:
    return sum(one.attributes["banshi.accepted"] for one in collector.named("push chunk"))


async def told(collector: Collector, name: str) -> dict[str, Any]:
    return collector.named(name)[0].attributes


async def test_a_broadcast_that_no_request_published_has_no_trace(
    open_push: OpenPush, sandbox: FcmSandbox, collector: Collector
) -> None:
    async with open_push() as door:
        tokens = await phones(door, 3)
        one = await publish(door, await broadcast(door))
        await until(lambda: len(sandbox.received) >= len(tokens))
        assert (await Broadcast.get(id=one.id)).trace == ""
    assert collector.spans == []
