"""What operators see of deliveries: metrics, and a word in the log where they are needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import structlog
from prometheus_client import Counter, Gauge, Histogram

from banshi import Platform
from mobile_push.providers.provider import OnceAMinute

log = structlog.get_logger("mobile_push")

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)


class Metrics:
    """The metrics of all providers."""

    def __init__(self, platform: Platform) -> None:
        gauge, registry = partial(Gauge, registry=platform.metrics), platform.metrics
        by, names = ["provider"], ["provider", "outcome", "code"]
        self.attempts = Counter("banshi_push_attempts", "Attempts to deliver, by outcome", names, registry=registry)
        about = "Seconds until the provider took it"
        self.seconds = Histogram("banshi_push_seconds", about, by, buckets=BUCKETS, registry=registry)
        #: The share of its full rate that a provider puts up with, and whether it is left alone.
        self.share = gauge("banshi_push_rate_share", "Share of the full rate in use", by)
        self.resting = gauge("banshi_push_resting", "Whether the provider is left alone", by)
        self.braked = gauge("banshi_push_braked", "Whether it calls every address dead, and isn't believed", by)
        self.waiting = gauge("banshi_push_in_memory", "Claimed and not sent yet", ["provider", "lane"])
        self.under_way = gauge("banshi_push_under_way", "Sent and not answered yet", by)


@dataclass(slots=True)
class Teller:
    """Tells the operators once a minute for each code."""

    provider: str
    _due: OnceAMinute = field(default_factory=OnceAMinute)

    def tell(self, what: str, code: str) -> None:
        if self._due.is_due(code):
            log.error(what, provider=self.provider, code=code)
