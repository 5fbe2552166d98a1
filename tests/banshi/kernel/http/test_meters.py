"""The tallies of requests read as Prometheus's own metrics do, and each request has its line in the log."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from banshi.foundation import logs
from banshi.kernel.http.middleware import BOUNDS, Requests

SEEN = [
    ("show_item", "GET", 200, 0.0004),
    ("show_item", "GET", 200, 0.005),
    ("show_item", "GET", 304, 0.0051),
    ("submit", "POST", 201, 0.3),
    ("submit", "POST", 422, 99.0),
]


def samples(registry: CollectorRegistry) -> list[str]:
    """The lines of a scrape, without the times at which Prometheus's own metrics were made."""
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_created" not in line)


def test_tallies_read_as_prometheus_own_metrics_do() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    requests = Requests()
    ours.register(requests)
    names = ["operation", "method", "status"]
    counter = Counter("banshi_http_requests", "Requests by operation and status", names, registry=theirs)
    histogram = Histogram("banshi_http_seconds", "Seconds to answer", ["operation"], registry=theirs)
    for operation, method, status, seconds in SEEN:
        requests.add(operation, method, status, seconds)
        counter.labels(operation, method, status).inc()
        histogram.labels(operation).observe(seconds)
    assert samples(ours) == samples(theirs)
    assert BOUNDS[-1] == float("inf")


async def test_requests_of_one_turn_are_logged_in_order_each_with_its_own_id(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(logs, "_requests_to", out)
    say = logs.request_log()
    for identity, status in (("a-1", 200), ("a-2", 404)):
        logs.REQUEST_ID.set(identity)
        say("show_item", status, 0.00123)
    assert out.getvalue() == b""
    await asyncio.sleep(0)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(line["request"], line["status"]) for line in lines] == [("a-1", 200), ("a-2", 404)]
    for line in lines:
        assert line.pop("timestamp").endswith("Z")
        assert line == {"event": "request", "level": "info", "operation": "show_item", "ms": 1.23} | {
            name: line[name] for name in ("request", "status")
        }
