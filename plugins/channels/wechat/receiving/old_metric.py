"""`banshi_wechat_messages`, as `banshi_channel_messages` was called before. It goes with the next version."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from banshi import Key


class OldMetric(Collector):
    """Shows what is counted of WeChat's messages under the old name, too."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._metrics = metrics
        metrics.register(self)

    def collect(self) -> Iterable[Metric]:
        old = CounterMetricFamily("banshi_wechat_messages", "Now banshi_channel_messages", labels=["outcome"])
        for metric in self._metrics.restricted_registry(["banshi_channel_messages_total"]).collect():
            for one in metric.samples:
                if one.labels["channel"] == "wechat":
                    old.add_metric([one.labels["outcome"]], one.value)
        yield old


OLD_METRIC: Key[OldMetric] = Key("wechat's old metric")
