"""How well a desk answers, for Prometheus: the aims of GB/T 33358 are alert rules in docs/operations/monitoring.md."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from prometheus_client import Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from banshi import Case, Key, Platform
from banshi.sdk.cases import steps_of
from banshi.sdk.kinds import Who
from desk import places
from desk.settings import SETTINGS
from desk.tables.models import Enquiry

#: Seconds; the aims are among them.
BUCKETS = (30, 60, 120, 180, 300, 600, 1_800, 3_600)

#: Seconds after which figures are no news any more: another process reads them now.
FRESH_S = 30.0

TOOK = {"wait": "Until an officer claimed it", "first_answer": "Until the first answer"}
GAUGES = {
    "open": "Whether somebody sits there by its shifts",
    "waiting": "Conversations in the queue",
    "oldest_unanswered_seconds": "Since when the oldest one waits for its first answer",
    "mailbox_oldest_seconds": "Since when the oldest question that came while it was closed has no answer",
}


class Metrics(Collector):
    """Figures by desk: what happened in this process, and what the process that leads has read."""

    def __init__(self, platform: Platform) -> None:
        registry, by = platform.metrics, ["desk"]
        self._took = {
            what: Histogram(f"banshi_desk_{what}_seconds", about, by, buckets=BUCKETS, registry=registry)
            for what, about in TOOK.items()
        }
        self.officers = Gauge("banshi_desk_officers", "Officers who follow it live", by, registry=registry)
        self._gauges = _gauges()
        self._read_at = 0.0
        registry.register(self)

    def took(self, what: Literal["wait", "first_answer"], row: Enquiry, at: datetime) -> None:
        """How long it has taken since they asked for a person."""
        self._took[what].labels(row.desk).observe((at - row.asked_at).total_seconds())

    async def read(self, platform: Platform) -> None:
        """Read what waits, of every desk."""
        now, gauges = platform.now(), _gauges()
        for desk in platform[SETTINGS].desks:
            unanswered = Enquiry.filter(desk=desk.code, state__in=("waiting", "held"), answered_at=None)
            oldest = await unanswered.order_by("asked_at").first()
            waiting = await Enquiry.filter(desk=desk.code, state="waiting").count()
            gauges["open"].add_metric([desk.code], await places.is_open(platform, desk))
            gauges["waiting"].add_metric([desk.code], waiting)
            gauges["oldest_unanswered_seconds"].add_metric([desk.code], _age(oldest.asked_at if oldest else None, now))
            if (item := platform.registry.items.get(desk.item)) is not None:
                states = {step.state for step in steps_of(platform, item) if step.work and Who.STAFF in step.who}
                cases = Case.filter(item=item.code, state__in=states, mode="live", content="kept")
                first = await cases.order_by("created_at").first()
                gauges["mailbox_oldest_seconds"].add_metric([desk.code], _age(first.created_at if first else None, now))
        self._gauges, self._read_at = gauges, time.monotonic()

    def collect(self) -> Iterator[Metric]:
        yield from (self._gauges if time.monotonic() - self._read_at < FRESH_S else _gauges()).values()


def _gauges() -> dict[str, GaugeMetricFamily]:
    return {name: GaugeMetricFamily(f"banshi_desk_{name}", about, labels=["desk"]) for name, about in GAUGES.items()}


def _age(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since else 0.0


METRICS: Key[Metrics] = Key("the desk's metrics")
