"""What operators watch: figures of what is due and dead on both databases, and a dashboard that asks for no other."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from banshi.testing import Door, open_door
from mobile_push.reports import metrics as report_metrics
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Chunk, Delivery
from tests.mobile_push.conftest import PLUGINS, send
from tests.mobile_push.delivery.fan_out import broadcast, ended, phones, publish
from tests.waiting import until

DASHBOARD = Path(__file__).resolve().parents[3] / "docs" / "grafana" / "mobile-push.json"

#: Words of PromQL, and labels that Prometheus adds by itself.
PROMQL = {"sum", "max", "min", "by", "rate", "histogram_quantile"}
ADDED = {"instance", "le"}


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobile_push.reports.metrics.MIN_PAUSE_S", 0.05)
    monkeypatch.setattr("mobile_push.reports.metrics.QUIET_PAUSE_S", 0.05)
    monkeypatch.setattr("mobile_push.reports.metrics.PAUSE_FACTOR", 1.0)


@pytest.fixture
async def anywhere(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    """A platform on each of the databases, with nobody who sends."""
    async with open_door(tmp_path, PLUGINS, platform={"database": database}) as opened:
        yield opened


async def test_the_figures_say_what_is_due_for_how_long_and_what_is_dead(anywhere: Door) -> None:
    door = anywhere
    now = int(door.platform.now().timestamp() * 1000)
    notice, alert = await broadcast(door), await broadcast(door, "alert")
    for one in (notice, alert):
        await type(one).filter(id=one.id).update(published_at=now - 90_000, state="published")
    own = {"devices": bytes(160), "done": b"\0\0", "size": 10, "expires": now + 3_600_000, "provider": "fcm"}
    await Chunk.create(broadcast_id=notice.id, lane=2, outcomes={"accepted": 3, "later": 1}, **own)
    await Chunk.create(broadcast_id=notice.id, lane=2, not_before=now + 60_000, **own)
    await Chunk.create(broadcast_id=notice.id, lane=2, state="parked", **own)
    await Chunk.create(broadcast_id=notice.id, lane=2, state="done", outcomes={"accepted": 10}, **own)
    await Chunk.create(broadcast_id=alert.id, lane=1, not_before=now - 5_000, **own)
    await phones(door, 2, "wang", person="wang")
    await send(door, "wang", created_at=door.platform.now() - timedelta(seconds=30))
    await send(door, "wang")
    first = await Delivery.all().order_by("id").first()
    assert first is not None
    await Delivery.filter(id=first.id).update(state="parked")
    reading = await report_metrics.read(door.platform)
    assert reading.due == {("fcm", "notice"): 16, ("fcm", "alert"): 10, ("fcm", "case"): 3}
    assert reading.dead == {("fcm", "chunk"): 1, ("fcm", "delivery"): 1}
    assert reading.under_way == {"notice": 1, "alert": 1}
    expected = {("fcm", "notice"): 90, ("fcm", "alert"): 5, ("fcm", "case"): 30}
    assert reading.oldest.keys() == expected.keys()
    for key, age in expected.items():
        assert age - 1 <= reading.oldest[key] <= age + 60


async def test_nothing_due_is_a_nought_and_not_a_gap(door: Door) -> None:
    async def read() -> bool:
        samples = await scraped(door)
        lanes = [labels for name, labels in samples if name == "banshi_push_due"]
        return {(one["provider"], one["lane"]) for one in lanes} == {
            ("fcm", lane) for lane in ("case", "alert", "notice")
        }

    await until(read)


async def test_figures_that_cannot_be_read_are_not_shown(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def shown() -> bool:
        return any(name == "banshi_push_dead_letters" for name, _ in await scraped(door))

    async def away(_: Any) -> report_metrics.Reading:
        raise OSError("away")

    await until(shown)
    monkeypatch.setattr("mobile_push.reports.metrics.read", away)

    async def gone() -> bool:
        return not await shown()

    await until(gone)


async def test_every_metric_and_label_that_the_dashboard_asks_for_exists(door: Door, sandbox: FcmSandbox) -> None:
    await phones(door, 3)
    await phones(door, 1, "dead")
    sandbox.behaviour.unregistered = {"dead-000000"}
    await ended(await publish(door, await broadcast(door)))
    await send(door, "phone-0")
    await until(lambda: len(sandbox.received) == 4)
    samples: dict[str, set[str]] = {}

    async def enough() -> bool:
        for name, labels in await scraped(door):
            samples.setdefault(name, set()).update(labels)
        return "banshi_push_due" in samples and "banshi_push_seconds_bucket" in samples

    await until(enough)
    asked = list(expressions(json.loads(DASHBOARD.read_text(encoding="utf-8"))))
    assert len(asked) > 12
    for text in asked:
        names = set(re.findall(r"\bbanshi_\w+", text))
        assert len(names) == 1, text
        (name,) = names
        assert name in samples, f"{name} is on no running platform"
        matched = re.findall(r"[{,]\s*(\w+)(?==~|=|!=)", text) + re.findall(r"{{(\w+)}}", text)
        grouped = [label.strip() for group in re.findall(r"by \(([^)]*)\)", text) for label in group.split(",")]
        unknown = {*matched, *grouped} - samples[name] - ADDED
        assert not unknown, f"{name} has no label {unknown}"


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    document = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert document["schemaVersion"] >= 39
    assert "id" not in document, "Grafana gives the id"
    assert re.fullmatch(r"[a-zA-Z0-9-]{1,40}", document["uid"])
    panels = document["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["title"]
        assert panel["type"] in {"timeseries", "stat"}
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    variables = {one["name"] for one in document["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(document)))
    assert used <= variables | {"datasource"}


def expressions(dashboard: dict[str, Any]) -> Iterator[str]:
    """Each query with its legend, and those of the variables."""
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield f"{target['expr']} {target['legendFormat']}"
    for one in dashboard["templating"]["list"]:
        if one["type"] == "query":
            yield one["definition"]


async def scraped(door: Door) -> list[tuple[str, dict[str, str]]]:
    """Every sample's name and labels."""
    text = (await door.anyone.get("/metrics")).body.decode()
    return [
        (sample.name, sample.labels) for family in text_string_to_metric_families(text) for sample in family.samples
    ]
