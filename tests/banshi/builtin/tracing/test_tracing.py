"""Traces: what is in them and what never is, and that nobody notices a collector that is away, slow or broken."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from banshi.builtin.tracing.plugin import ADDRESSES, DISABLED, EXPORTER, PROTOCOLS, is_wanted
from banshi.builtin.tracing.spans import context_of
from banshi.foundation.trace_context import TRACE
from banshi.kernel.runtime.tracing import TRACES, traced
from banshi.kernel.tables.outbox import OutboxRow
from banshi.sdk.outgoing import open_outgoing
from banshi.testing import Door, open_door
from tests.conftest import good_answers
from tests.places import TRAFFIC
from tests.servers.collector import Collector, collecting
from tests.town.parts import UNNAMED, appeals
from tests.town.town import written
from tests.waiting import until

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

#: Seconds that a platform may take to close beside a collector that says nothing; without traces it takes one at most.
CLOSES = 15.0


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ADDRESSES, *PROTOCOLS, DISABLED, EXPORTER):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.endpoint)
        yield found


def opened(folder: Path) -> Any:
    return open_door(folder, {"traffic": TRAFFIC, "mobile_push": "mobile_push"})


async def submitted(door: Door) -> str:
    wang = door.citizen("wang")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
    return str(case["id"])


# -- whether there are traces ----------------------------------------------------------------------------------------


def test_without_an_exporter_nothing_of_opentelemetry_is_imported(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from banshi.testing import open_door
async def main():
    async with open_door(Path({str(tmp_path)!r}), {{"traffic": Path({str(TRAFFIC)!r})}}) as door:
        assert (await door.citizen("wang").get("/v1/items")).status == 200
asyncio.run(main())
print(sorted(name for name in sys.modules if name.startswith(("opentelemetry", "google.protobuf", "requests"))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    # pyfcm, where FCM is set up, brings requests along; it isn't here.
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": ""}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, False),
    ],
)
def test_the_standard_environment_says_whether_there_are_traces(
    environment: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert is_wanted() is wanted


def test_without_the_extra_there_are_no_traces_and_the_log_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    assert is_wanted() is False
    said = capsys.readouterr()
    assert "python -m pip install 'banshi[tracing]'" in said.out + said.err


async def test_where_nothing_is_traced_rows_bear_nothing_and_spans_cost_nothing(door: Door) -> None:
    await submitted(door)
    assert door.platform.get(TRACES) is None
    assert set(await OutboxRow.all().values_list("trace", flat=True)) == {""}
    with traced(door.platform, "parks draw", GIVEN) as span:
        assert span.trace == ""
    begun = time.perf_counter()
    for _ in range(10_000):
        with traced(door.platform, "parks draw", item="sluice"):
            pass
    assert time.perf_counter() - begun < 1.0  # 0.01 s on an idle machine


# -- what is in them -------------------------------------------------------------------------------------------------


async def test_a_submission_s_promises_belong_to_its_trace(tmp_path: Path, collector: Collector) -> None:
    async with opened(tmp_path) as door:
        await submitted(door)
        await until(lambda: collector.named("outbox channel:mobile_push"))
    (request,) = collector.named("POST /v1/items/{code}/cases")
    (submission,) = collector.named("case submit")
    (intake,) = collector.named("outbox intake")
    (moved,) = collector.named("case accept")
    assert request.parent == ""
    assert submission.parent == request.id
    assert intake.parent == submission.id
    assert moved.parent == intake.id
    assert {one.parent for one in collector.named("outbox channel:mobile_push")} >= {moved.id}
    assert moved.attributes == {
        "banshi.item": "zone-pass",
        "banshi.kind": "application",
        "banshi.plugin": "traffic",
        "banshi.state": "submitted",
        "banshi.to": "accepted",
    }


async def test_a_caller_s_trace_is_named_and_not_gone_on_with(tmp_path: Path, collector: Collector) -> None:
    async with opened(tmp_path) as door:
        await door.session.get(f"{door.url}/v1/items", headers={"traceparent": GIVEN.replace("-01", "-00")})
        await until(lambda: collector.named("GET /v1/items"))
    (one,) = collector.named("GET /v1/items")
    assert one.links == (GIVEN.split("-")[1],)
    assert one.trace != GIVEN.split("-")[1]
    assert one.parent == ""


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        GIVEN[:-1],
        GIVEN + "0",
        GIVEN.upper(),
        GIVEN.replace("00-", "ff-", 1),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        GIVEN + "\n",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-٠١",
        "-" * 55,
    ],
)
async def test_what_is_no_traceparent_is_none(given: str) -> None:
    assert context_of(given) is None


async def test_a_promise_with_a_made_up_trace_is_kept_all_the_same(tmp_path: Path, collector: Collector) -> None:
    async with opened(tmp_path) as door:
        token = TRACE.set("00-;DROP TABLE banshi_outbox;-zz")
        try:
            await door.citizen("wang").get("/v1/items")
            with traced(door.platform, "parks draw", item="sluice") as span:
                assert context_of(span.trace) is not None
        finally:
            TRACE.reset(token)
        await until(lambda: collector.named("parks draw"))
    assert collector.named("parks draw")[0].parent == ""


async def test_a_refusal_is_no_error_and_a_failure_tells_its_type_alone(tmp_path: Path, collector: Collector) -> None:
    async with opened(tmp_path) as door:
        assert (await door.citizen("wang").get("/v1/cases/00000000-0000-7000-8000-000000000000")).status == 404
        with pytest.raises(ValueError, match="王小明"), traced(door.platform, "parks draw", GIVEN):
            raise ValueError("王小明 wrote this")
        await until(lambda: collector.named("parks draw") and collector.named("GET /v1/cases/{id}"))
    (refused,) = collector.named("GET /v1/cases/{id}")
    assert refused.attributes["http.response.status_code"] == 404
    assert not refused.failed
    (failed,) = collector.named("parks draw")
    assert failed.failed
    assert failed.attributes == {"error.type": "ValueError"}
    assert "王小明".encode() not in bytes(collector.raw)


async def test_probes_and_people_without_a_name_leave_no_trace(tmp_path: Path, collector: Collector) -> None:
    parks = written(tmp_path, appeals(UNNAMED, "parks"))["parks"]
    async with open_door(tmp_path, {"parks": parks, "conversations": "conversations"}) as door:
        for path in ("/healthz", "/readyz", "/metrics", "/v1/tips/forms/ask-parks"):
            await door.session.get(f"{door.url}{path}", headers={"traceparent": GIVEN})
        body = {"code": "made-up"}
        await door.session.post(f"{door.url}/v1/tips/read", json=body, headers={"traceparent": GIVEN})
        for path in ("/v1/tips/items/ask-parks/begin", "/v1/items/ask-parks/begin"):
            tip = {"answers": {"text": "有人偷路灯"}}
            sent = door.session.post(f"{door.url}{path}", json=tip, headers={"traceparent": GIVEN})
            async with sent as answer:
                assert answer.status == 201
        await door.session.get(f"{door.url}/v1/items")
        await until(lambda: collector.named("GET /v1/items"))
        await asyncio.sleep(0.3)
    assert {one.name for one in collector.spans} == {"GET /v1/items"}
    assert GIVEN.split("-")[1] not in bytes(collector.raw).hex()


async def test_a_call_to_somebody_else_s_system_bears_the_trace(tmp_path: Path, collector: Collector) -> None:
    heard: list[str | None] = []

    async def receive(request: web.Request) -> web.Response:
        heard.append(request.headers.get("traceparent"))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    outgoing = {"outgoing": {"networks": ["127.0.0.0/8"]}}
    async with (
        open_door(tmp_path, {"traffic": TRAFFIC}, platform=outgoing) as door,
        open_outgoing(door.platform) as calls,
    ):
        await calls.call(url, body=b"", headers={}, seconds=5, limit=1000)
        with traced(door.platform, "parks ask", GIVEN) as span:
            await calls.call(url, body=b"", headers={}, seconds=5, limit=1000)
    await runner.cleanup()
    assert heard == [None, span.trace]
    assert span.trace.split("-")[1] == GIVEN.split("-")[1]


# -- collectors that are no good -------------------------------------------------------------------------------------


def absent() -> str:
    """The address of a port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


async def served_well(folder: Path) -> None:
    """Requests are answered, promises kept, and the end comes soon, whatever becomes of the spans."""
    async with opened(folder) as door:
        wang = door.citizen("wang")
        for _ in range(50):
            begun = time.monotonic()
            assert (await wang.get("/v1/items")).status == 200
            assert time.monotonic() - begun < 5.0
        case = await submitted(door)

        async def accepted() -> bool:
            return bool((await wang.get(f"/v1/cases/{case}")).ok()["state"] == "accepted")

        await until(accepted)
        begun = time.monotonic()
    assert time.monotonic() - begun < CLOSES


@pytest.mark.parametrize(
    "endpoint", ["absent", "no address at all", "http://[", "ftp://127.0.0.1:21", "http://256.1:1"]
)
async def test_a_collector_that_is_not_there_is_nobody_s_concern(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", absent() if endpoint == "absent" else endpoint)
    await served_well(tmp_path)


async def test_a_collector_that_answers_500_is_nobody_s_concern(tmp_path: Path, collector: Collector) -> None:
    collector.status = 500
    await served_well(tmp_path)
    assert collector.requests


async def test_a_collector_that_takes_minutes_holds_up_no_request_and_not_the_end(
    tmp_path: Path, collector: Collector
) -> None:
    collector.delay = 120.0
    await served_well(tmp_path)


async def test_more_spans_than_fit_are_left_out_and_take_no_memory(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "16")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "16")
    collector.delay = 1.0
    async with opened(tmp_path) as door:
        for _ in range(1000):
            with traced(door.platform, "parks draw", GIVEN):
                pass
        await until(lambda: collector.named("parks draw"))
    assert len(collector.named("parks draw")) < 500
