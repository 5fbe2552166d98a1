"""What Prometheus is told of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from prometheus_client import Counter, Gauge

from banshi import Platform

from .receiver import Receiver
from .sending import Outcome

#: Seconds between two counts of subscriptions.
COUNT_EVERY_S = 15.0

STATES = ("unproven", "active", "paused", "disabled")


class Metrics:
    """Counters, and gauges of the receivers of this process."""

    def __init__(self, platform: Platform, receivers: Mapping[UUID, Receiver]) -> None:
        registry = platform.metrics
        self._platform = platform
        self._all = receivers
        self._requests = Counter(
            "banshi_webhooks_requests", "Requests to receivers by what they came to", ["outcome"], registry=registry
        )
        by_state = Gauge("banshi_webhooks_receivers", "Webhooks by state", ["state"], registry=registry)
        for state in STATES:
            count = f"SELECT COUNT(*) FROM webhooks_subscription WHERE state = '{state}'"  # noqa: S608 - our own word
            platform.store.pulse.ask(f"webhooks by state: {state}", count, by_state.labels(state).set, COUNT_EVERY_S)
        for name, told, of in (
            ("due", "Events in memory that are not delivered yet", self._due),
            ("oldest_due_seconds", "Since when the oldest of them is not delivered", self._oldest),
            ("failing", "Receivers of this process that are left alone for a while", self._failing),
        ):
            Gauge(f"banshi_webhooks_{name}", told, registry=registry).set_function(of)

    def count(self, outcome: Outcome) -> None:
        # A status by its class: a receiver could otherwise make up hundreds of labels.
        word = f"{outcome.code[:8]}xx" if outcome.code.startswith("status-") else outcome.code
        self._requests.labels(word).inc()

    def _due(self) -> float:
        return float(sum(one.waiting for one in list(self._all.values())))

    def _oldest(self) -> float:
        moments = [at for one in list(self._all.values()) if (at := one.oldest()) is not None]
        return max(0.0, self._platform.now().timestamp() - min(moments) / 1000) if moments else 0.0

    def _failing(self) -> float:
        return float(sum(one.standing.probing for one in list(self._all.values())))
