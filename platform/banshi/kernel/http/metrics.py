"""How many requests there were and how long they took, as Prometheus reads it.

Prometheus's own counter and histogram take a lock each and walk over the buckets, for each request as long as aiohttp
takes to find its route. Here a request adds to a tally, and the tallies become metrics when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import Histogram
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

#: Upper bounds of the histogram's buckets in seconds; the last one is infinite.
BOUNDS = Histogram.DEFAULT_BUCKETS


class Tally:
    """The requests of one operation, method and status."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        #: Requests per bucket.
        self.counts = [0] * len(BOUNDS)
        self.seconds = 0.0


class Requests(Collector):
    """All requests; register it with a `CollectorRegistry`."""

    def __init__(self) -> None:
        self._tallies: defaultdict[tuple[str, str, int], Tally] = defaultdict(Tally)

    def add(self, operation: str, method: str, status: int, seconds: float) -> None:
        tally = self._tallies[operation, method, status]
        tally.counts[bisect_left(BOUNDS, seconds)] += 1
        tally.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        names = ("operation", "method", "status")
        requests = CounterMetricFamily("banshi_http_requests", "Requests by operation and status", labels=names)
        counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(BOUNDS))
        seconds: defaultdict[str, float] = defaultdict(float)
        for (operation, method, status), tally in sorted(self._tallies.items()):
            requests.add_metric((operation, method, str(status)), sum(tally.counts))
            counts[operation] = [sum(pair) for pair in zip(counts[operation], tally.counts, strict=True)]
            seconds[operation] += tally.seconds
        took = HistogramMetricFamily("banshi_http_seconds", "Seconds to answer", labels=("operation",))
        for operation, by_bucket in counts.items():
            buckets = zip(map(floatToGoString, BOUNDS), accumulate(by_bucket), strict=True)
            took.add_metric((operation,), list(buckets), seconds[operation])
        yield requests
        yield took
