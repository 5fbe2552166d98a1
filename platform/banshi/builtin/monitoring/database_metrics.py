"""What the writer of the database does, and how often it could not be asked: the log says once that it is away."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from prometheus_client import Counter, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from banshi.foundation.database.failover.away import Away
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform


class DatabaseFailures(Collector):
    """What failed in this process since the database was away; SQLite, which is a file of this machine, has none."""

    def __init__(self, platform: Platform) -> None:
        self._away: Away | None = getattr(platform.store.connection, "away", None)
        platform.metrics.register(self)

    def collect(self) -> Iterator[CounterMetricFamily]:
        count = self._away.failures if self._away else 0
        yield CounterMetricFamily("banshi_database_failures", "Statements that failed since it was away", value=count)


DATABASE_FAILURES: Key[DatabaseFailures] = Key("database failures")


#: Upper bounds of the histograms' buckets: writes of a group, and its seconds.
WRITES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30)

#: Groups that are kept until somebody asks; of those before them nothing is known then.
MAX_HEARD = 65_536


class WrittenGroups(Collector):
    """How many writes share a transaction, how long it takes, whom a lock refused.

    It notes each group, which costs the writer nothing, and counts them when somebody asks.
    """

    def __init__(self) -> None:
        #: Writes, seconds, and how many were refused for a lock.
        self.heard: deque[tuple[int, float, int]] = deque(maxlen=MAX_HEARD)
        self._size = Histogram("banshi_written_group_writes", "Writes in one group", buckets=WRITES, registry=None)
        self._took = Histogram("banshi_written_group_seconds", "Seconds of a group", buckets=SECONDS, registry=None)
        self._locked = Counter("banshi_writes_locked", "Writes refused since somebody else had a lock", registry=None)

    def collect(self) -> Iterator[Metric]:
        while self.heard:
            writes, seconds, refused = self.heard.popleft()
            if writes:
                self._size.observe(writes)
                self._took.observe(seconds)
            self._locked.inc(refused)
        for metric in (self._size, self._took, self._locked):
            yield from metric.collect()


WRITTEN_GROUPS: Key[WrittenGroups] = Key("written groups")


def count_groups(platform: Platform) -> WrittenGroups:
    groups = WrittenGroups()
    platform.metrics.register(groups)
    platform.store.watch = groups.heard.append
    return groups
