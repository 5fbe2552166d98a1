"""What operators see of deliveries: metrics, and a word in the log where they are needed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import structlog
from prometheus_client import Counter, Gauge, Histogram

from banshi import Platform

log = structlog.get_logger("mobile_push")

#: Seconds between two words to the operators about the same thing.
QUIET = 60.0

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of all providers."""

    attempts: Counter
    seconds: Histogram
    #: The share of its full rate that a provider puts up with, and whether it is left alone.
    share: Gauge
    resting: Gauge
    waiting: Gauge
    under_way: Gauge

    @classmethod
    def of(cls, platform: Platform) -> Metrics:
        registry = platform.metrics
        names = ["provider", "outcome", "code"]
        return cls(
            Counter("banshi_push_attempts", "Attempts to deliver, by outcome", names, registry=registry),
            Histogram(
                "banshi_push_seconds",
                "Seconds until the provider took it",
                ["provider"],
                buckets=BUCKETS,
                registry=registry,
            ),
            Gauge("banshi_push_rate_share", "Share of the full rate in use", ["provider"], registry=registry),
            Gauge("banshi_push_resting", "Whether the provider is left alone", ["provider"], registry=registry),
            Gauge("banshi_push_in_memory", "Claimed and not sent yet", ["provider", "lane"], registry=registry),
            Gauge("banshi_push_under_way", "Sent and not answered yet", ["provider"], registry=registry),
        )


@dataclass(slots=True)
class Teller:
    """Tells the operators once a minute for each code: every message would say the same."""

    provider: str
    _told: dict[str, float] = field(default_factory=dict)

    def tell(self, what: str, code: str) -> None:
        now = time.monotonic()
        if now - self._told.get(code, -QUIET) >= QUIET:
            self._told[code] = now
            log.error(what, provider=self.provider, code=code)
