"""Several `banshi worker` processes against one provider: what the second one brings to a notice to many phones.

    python benchmarks/workers.py            # three rounds, two minutes
    python benchmarks/workers.py --short    # a look whether it works at all, as in continuous integration

The server without work that publishes, the workers, PostgreSQL and the provider share the machine's cores; nothing is
pinned. On two cores two workers that have nothing to wait for get what the others leave, so what a message costs in
processor time says what further cores would bring.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvloop

from banshi.app import loaded, open_platform
from banshi.kernel.loading.configuration import read_configuration
from banshi.sdk.operations import ProcessRole
from benchmarks.sending.population import dealt_with, phones, published
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import PUSH, city
from benchmarks.shared.databases import has_postgres, postgres
from benchmarks.shared.figures import Column, compare, ratios
from benchmarks.shared.processes import banshi, running, workspace
from benchmarks.shared.provider import PER_MINUTE, Provider, provider

#: Workers of each side.
COUNTS = (1, 2)

#: How the provider answers: seconds that an answer takes; 500 sends are under way in each worker.
WAYS = {"an answer takes 250 ms, 500 sends under way in each worker": 0.25, "an answer takes no time": 0.0}

COLUMNS = (
    Column("messages/s", "per_second"),
    Column("workers' CPU µs", "cpu"),
    Column("provider's CPU µs", "provider"),
    *ratios("1 worker", "per_second"),
)


def main() -> None:
    parser = options(__doc__, phones=(20_000, 400), rounds=(3, 1))
    if not has_postgres():
        return
    given = begun(parser, "here nothing is pinned")
    for title, latency in WAYS.items():
        with workspace() as folder, postgres() as database, provider(side=None) as to:
            to.behave(latency=latency)
            push = {"fcm": to.settings(per_minute=PER_MINUTE, at_once=500)}
            file = city(folder, PUSH, settings={"mobile_push": push}, database=database, log_level="warning")
            results = uvloop.run(measured(file, to, given))
            print(f"## A notice to {given.phones:,} phones: {title}\n")
            compare(results, COLUMNS)


async def measured(file: Path, to: Provider, given: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """What each number of workers did."""
    async with open_platform(loaded(read_configuration(file)), ProcessRole(lanes=frozenset())) as server:
        await phones(server, given.phones)
        rounds: dict[str, list[dict[str, float]]] = {f"{count} worker{'s'[: count - 1]}": [] for count in COUNTS}
        for _ in range(given.rounds):
            for count, done in zip(COUNTS, rounds.values(), strict=True):
                done.append(await one_round(server, file, to, count, given.phones))
    return rounds


async def one_round(server: Any, file: Path, to: Provider, count: int, phones: int) -> dict[str, float]:
    """Publish a notice to so many workers, and see every phone get it once."""
    with ExitStack() as stack:
        command = banshi(file, "worker", "--lanes", "notice")
        workers = [stack.enter_context(running(command, side=None)) for _ in range(count)]
        await asyncio.sleep(0.5)
        to.report()
        before, there = sum(worker.cpu() for worker in workers), to.cpu()
        begun = time.perf_counter()
        await dealt_with(await published(server, everyone=True))
        took = time.perf_counter() - begun
        seen = await asyncio.to_thread(to.report)
        assert (seen["distinct"], seen["taken"]) == (phones, phones), seen
        return {
            "per_second": phones / took,
            "cpu": (sum(worker.cpu() for worker in workers) - before) / phones * 1e6,
            "provider": (to.cpu() - there) / phones * 1e6,
        }


if __name__ == "__main__":
    main()
