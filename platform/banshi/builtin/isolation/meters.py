"""What operators see of plugins' own processes."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform

#: Upper bounds of the histogram of calls, seconds.
BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0)


class Meters:
    """What operators see of the children."""

    def __init__(self, platform: Platform) -> None:
        metrics = platform.metrics
        self.calls = Counter(
            "banshi_isolated_calls", "Calls of isolated plugins by outcome", ["plugin", "outcome"], registry=metrics
        )
        self.seconds = Histogram(
            "banshi_isolated_call_seconds", "Seconds of their calls", ["plugin"], registry=metrics, buckets=BUCKETS
        )
        self.restarts = Counter(
            "banshi_isolated_restarts", "Their processes that ended, by reason", ["plugin", "reason"], registry=metrics
        )
        self.cut = Counter(
            "banshi_isolated_log_lines_cut", "Their lines beyond what may be logged", ["plugin"], registry=metrics
        )
        self.threads = Gauge("banshi_isolated_threads", "Threads of their processes", ["plugin"], registry=metrics)
        self.memory = Gauge("banshi_isolated_memory_bytes", "Memory of their processes", ["plugin"], registry=metrics)


METERS: Key[Meters] = Key("isolation meters")
