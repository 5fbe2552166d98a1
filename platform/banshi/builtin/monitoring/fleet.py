"""The metrics of all workers of one port: whichever is asked, it asks the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from banshi.builtin.monitoring.worker_process import Worker

#: In a request of a sibling, which wants this worker's own metrics alone.
ALONE = "X-Banshi-Worker"

#: Seconds that a sibling has to answer.
SIBLING_TIMEOUT_S = 2.0


async def all_metrics(worker: Worker, own: bytes) -> bytes:
    """Each sample with the label `worker`, and `banshi_worker_up` for who answered."""
    siblings = [number for number in range(1, worker.count + 1) if number != worker.number]
    answers = await asyncio.gather(*(_ask(worker, number) for number in siblings))
    texts = {worker.number: own, **dict(zip(siblings, answers, strict=True))}
    return generate_latest(Together(dict(sorted(texts.items()))))


async def _ask(worker: Worker, number: int) -> bytes | None:
    """A sibling's metrics; None where it doesn't answer."""
    connector = aiohttp.UnixConnector(path=str(worker.socket(number)))
    timeout = aiohttp.ClientTimeout(total=SIBLING_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.get("http://worker/metrics", headers={ALONE: str(worker.number)}) as answer,
        ):
            return await answer.read() if answer.status == 200 else None
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None


class Together(Collector):
    """Several processes' samples under one description each."""

    def __init__(self, texts: Mapping[int, bytes | None]) -> None:
        self._texts = texts

    def collect(self) -> list[Metric]:
        up = Metric("banshi_worker_up", "Whether a worker of this port answers.", "gauge")
        found = {up.name: up}
        for number, text in self._texts.items():
            up.add_sample(up.name, {"worker": str(number)}, float(text is not None))
            for family in text_string_to_metric_families((text or b"").decode()):
                same = found.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    same.samples.append(sample._replace(labels={**sample.labels, "worker": str(number)}))
        return list(found.values())
