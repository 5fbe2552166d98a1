"""One trace from a citizen's request to the push on their phone, across a server and a worker, at a real collector."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from banshi.testing import Person
from mobile_push.sandbox import FcmSandbox
from tests.conftest import good_answers
from tests.journeys.running import configured, ran, started, with_phones
from tests.servers.collector import Collector, Seen, collecting
from tests.waiting import until

TOKEN = "token-of-wangs-phone"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.endpoint)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        yield found


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_submission_is_one_trace_from_the_request_to_the_provider_across_processes(
    tmp_path: Path, postgres: str, collector: Collector
) -> None:
    async with FcmSandbox() as google:
        configured(tmp_path, f'database = "{postgres}"', with_phones(tmp_path, google))
        with started(tmp_path, "serve", "--no-work", "--port", "0") as server, started(tmp_path, "worker") as worker:
            url = await asyncio.to_thread(server.line)
            await asyncio.to_thread(worker.line, r"Banshi works on (\S+)")
            bearer = (await ran(tmp_path, "token", "wang", "--name", "王小明")).stdout.strip()
            async with aiohttp.ClientSession() as session:
                await handed_in(Person(session, url, bearer))
            await until(lambda: [one for one in google.received if one.token == TOKEN])
            await until(lambda: collector.named("push send"))
            assert await asyncio.to_thread(worker.stop) == 0
            assert await asyncio.to_thread(server.stop) == 0
    chain = leading_to(collector, collector.named("push send")[0])
    assert [one.name for one in chain] == [
        "POST /v1/items/{code}/cases",
        "case submit",
        "outbox intake",
        "case accept",
        "outbox channel:mobile_push",
        "push send",
    ]
    assert len({one.trace for one in chain}) == 1
    assert {one.service for one in chain} == {"banshi"}
    # The server's two, and the worker's four.
    instances = [one.instance for one in chain]
    assert instances == [instances[0]] * 2 + [instances[-1]] * 4
    assert instances[0] != instances[-1]
    request, submitted, _, _, _, sent = chain
    assert request.attributes["http.response.status_code"] == 201
    assert submitted.attributes["banshi.item"] == "zone-pass"
    assert {"banshi.provider": "fcm", "banshi.lane": "case", "banshi.outcome": "accepted"}.items() <= (
        sent.attributes.items()
    )
    for personal in ("wang", "王小明", "王", "川BD12345", "13800000000", TOKEN, bearer, "社区超市"):
        assert personal.encode() not in bytes(collector.raw), personal


async def handed_in(wang: Person) -> None:
    device: dict[str, Any] = {"provider": "fcm", "token": TOKEN, "platform": "android"}
    (await wang.post("/v1/devices", device)).created()
    (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()


def leading_to(collector: Collector, last: Seen) -> list[Seen]:
    """The spans from the trace's first to that one, each the parent of the next."""
    known = {one.id: one for one in collector.spans}
    chain = [last]
    while chain[0].parent:
        chain.insert(0, known[chain[0].parent])
    return chain
