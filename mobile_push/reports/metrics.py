"""What is due, for how long, and what is dead: figures of the database, read every few seconds for whoever scrapes.

The process that leads reads them, and no other shows any; while the lead goes over two may, so take the maximum and not
the sum. Where the database can't be read there are none, rather than old ones.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from banshi import Platform
from banshi.sdk.database import quoted
from banshi.sdk.operations import woken
from mobile_push.reports.dead_letters import SORTS, providers_of
from mobile_push.reports.report import DIALECTS
from mobile_push.tables.lanes import Lane
from mobile_push.tables.marks import Marks
from mobile_push.ways import SECOND

#: Seconds between two readings, and where nothing is due; and how many times as long as one took it is left alone.
MIN_PAUSE_S, QUIET_PAUSE_S, PAUSE_FACTOR = 5.0, 60.0, 20.0

#: Of the due chunks, or deliveries, of some providers: phones, and since when the one that may be sent longest has been
#: so, in milliseconds of the database's clock.
DUE = {
    "chunk": """
        SELECT c.provider, c.lane, SUM(c.size - COALESCE((SELECT SUM({number}) FROM {each}(c.outcomes) w), 0)),
        MIN(CASE WHEN c.not_before > {clock} THEN NULL WHEN c.not_before > COALESCE(b.published_at, 0)
        THEN c.not_before ELSE b.published_at END), {clock}
        FROM push_chunk c JOIN push_broadcast b ON b.id = c.broadcast_id
        WHERE c.provider IN ({these}) AND c.state = 'due' GROUP BY c.provider, c.lane
    """,
    "delivery": """
        SELECT d.provider, d.lane, COUNT(*), MIN(CASE WHEN d.not_before > {clock} THEN NULL
        WHEN d.not_before > {created} THEN d.not_before ELSE {created} END), {clock}
        FROM push_delivery d JOIN push_inbox_message m ON m.id = d.message_id
        WHERE d.provider IN ({these}) AND d.state = 'due' GROUP BY d.provider, d.lane
    """,
}

#: The same of dead letters: how many there are.
DEAD = "SELECT provider, COUNT(*) FROM {table} WHERE provider IN ({these}) AND state = 'parked' GROUP BY provider"

#: Broadcasts of which anything is still to be done, by lane.
UNDER_WAY = """
    SELECT lane, COUNT(DISTINCT broadcast_id) FROM (
    SELECT lane, broadcast_id FROM push_fan_out WHERE state = 'due' UNION ALL
    SELECT lane, broadcast_id FROM push_chunk WHERE provider IN ({these}) AND state = 'due') w GROUP BY lane
"""

#: Each database's milliseconds of a message's time.
CREATED = {
    "sqlite": "CAST(unixepoch(m.created_at, 'subsec') * 1000 AS INTEGER)",
    "postgres": "CAST(extract(epoch from m.created_at) * 1000 AS BIGINT)",
}


@dataclass(slots=True)
class Reading:
    """The figures of one moment."""

    #: (provider, lane) → phones, and → seconds.
    due: Counter[tuple[str, str]] = field(default_factory=Counter)
    oldest: dict[tuple[str, str], float] = field(default_factory=dict)
    #: (provider, sort) → dead letters.
    dead: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Kind → broadcasts.
    under_way: dict[str, int] = field(default_factory=dict)


async def read(platform: Platform) -> Reading:
    """The figures as they are now."""
    reading = Reading(under_way=dict.fromkeys(("alert", "notice"), 0))
    for sort, table in SORTS.items():
        providers = await providers_of(platform, table)
        if sort == "chunk":
            for lane, count in await _rows(platform, UNDER_WAY, providers or [""]):
                reading.under_way[Lane(lane).name.lower()] = int(count)
        if not providers:
            continue
        for provider, count in await _rows(platform, DEAD.replace("{table}", table), providers):
            reading.dead[provider.removesuffix(SECOND), sort] += int(count)
        # Those with none, too.
        reading.dead.update(dict.fromkeys(((one.removesuffix(SECOND), sort) for one in providers), 0))
        for provider, lane, phones, since, now in await _rows(platform, DUE[sort], providers):
            key = (provider.removesuffix(SECOND), Lane(lane).name.lower())
            reading.due[key] += int(phones)
            if since is not None:
                age = max(0.0, (now - since) / 1000)
                reading.oldest[key] = max(reading.oldest.get(key, 0.0), age)
    return reading


async def _rows(platform: Platform, sql: str, providers: Sequence[str]) -> Sequence[Any]:
    store, mark = platform.store, Marks(platform.store)
    dialect = {**DIALECTS[store.dialect], "created": CREATED[store.dialect]}
    text = sql.format(these=mark.each(providers), clock=store.clock, **dialect)
    _, rows = await store.connection.execute_query(text, mark.values)
    return [tuple(row) for row in rows]


def anything_due(providers: Sequence[str]) -> str:
    """What follows FROM where there are rows as long as anything is due to phones of these providers."""
    mine = ", ".join(map(quoted, providers)) or "''"
    due = f"provider IN ({mine}) AND state = 'due'"
    chunk, delivery = (f"SELECT 1 FROM {table} WHERE {due}" for table in SORTS.values())  # noqa: S608 - ours
    fan_out = "SELECT 1 FROM push_fan_out WHERE state = 'due'"
    return f"(SELECT 1) one WHERE EXISTS ({chunk}) OR EXISTS ({delivery}) OR EXISTS ({fan_out})"


class Figures(Collector):
    """The last reading, for Prometheus."""

    def __init__(self, providers: Sequence[str]) -> None:
        #: Providers whose lanes are shown even where nothing is due: what comes and goes can't be alerted on.
        self._providers = providers
        self.reading: Reading | None = None

    def collect(self) -> Iterator[Metric]:
        due = GaugeMetricFamily("banshi_push_due", "Phones to be sent to", labels=["provider", "lane"])
        oldest = GaugeMetricFamily(
            "banshi_push_oldest_due_seconds", "Since when the oldest message may be sent", labels=["provider", "lane"]
        )
        dead = GaugeMetricFamily("banshi_push_dead_letters", "Waiting for an operator", labels=["provider", "sort"])
        under_way = GaugeMetricFamily("banshi_push_broadcasts_under_way", "Being sent", labels=["kind"])
        reading = self.reading
        if reading is not None:
            lanes = {(provider, lane.name.lower()) for provider in self._providers for lane in Lane}
            for key in sorted(lanes | reading.due.keys()):
                due.add_metric(key, reading.due[key])
                oldest.add_metric(key, reading.oldest.get(key, 0.0))
            sorts = {(provider, sort) for provider in self._providers for sort in SORTS}
            for key in sorted(sorts | reading.dead.keys()):
                dead.add_metric(key, reading.dead[key])
            for kind, count in sorted(reading.under_way.items()):
                under_way.add_metric([kind], count)
        yield from (due, oldest, dead, under_way)


async def keep_reading(platform: Platform, figures: Figures, due: asyncio.Event) -> None:
    """Read on until cancelled; where nothing is due, once `due` is set."""
    try:
        while True:
            begun = time.monotonic()
            due.clear()
            reading = figures.reading = await read(platform)
            await asyncio.sleep(max(MIN_PAUSE_S, PAUSE_FACTOR * (time.monotonic() - begun)))
            if not (reading.due or any(reading.under_way.values())):
                await woken(due, QUIET_PAUSE_S)
    finally:  # the database is away, or another process leads: no figures are better than old ones
        figures.reading = None
