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
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from databases import has_postgres, postgres
from processes import Running, banshi, machine, median, python, running, table
from push import ask

#: Workers of each side.
COUNTS = (1, 2)

#: Quota of the provider, which is not what is measured.
PER_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class Length:
    """How many phones, and rounds of each side."""

    phones: int
    rounds: int


FULL, SHORT = Length(20_000, 3), Length(400, 1)


@dataclass(frozen=True, slots=True)
class Way:
    """How the provider answers, and how many sends a worker has under way."""

    title: str
    latency: float
    at_once: int


WAYS = (
    Way("an answer takes 250 ms, 500 sends under way in each worker", 0.25, 500),
    Way("an answer takes no time", 0.0, 500),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="one short round of each")
    length = SHORT if parser.parse_args().short else FULL
    if not has_postgres():
        return
    print(f"{machine()}; here nothing is pinned\n")
    for way in WAYS:
        with city(way) as (folder, provider), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(compare(way, folder, provider, length))


@contextmanager
def city(way: Way) -> Iterator[tuple[Path, Running]]:
    """A provider, and a plugins.toml with a database of its own."""
    with tempfile.TemporaryDirectory(prefix="banshi-workers-") as name, postgres() as database, ExitStack() as stack:
        folder = Path(name)
        provider = stack.enter_context(running(python("peers/provider.py", name), side=None))
        ask(provider, folder, "/sandbox/behaviour", {"latency": way.latency})
        fcm = {
            "service_account_file": str(folder / "account.json"),
            "base_url": f"{provider.url}/v1/projects",
            "ca_file": str(folder / "ca.pem"),
            "per_minute": PER_MINUTE,
            "at_once": way.at_once,
        }
        settings = "\n".join(f"{key} = {json.dumps(value)}" for key, value in fcm.items())
        (folder / "plugins.toml").write_text(
            f'[platform]\ndatabase = "{database}"\nlog_level = "warning"\n'
            f'[plugins.mobile_push]\npackage = "mobile_push"\napi = 1\n[plugins.mobile_push.settings.fcm]\n{settings}\n'
        )
        yield folder, provider


async def compare(way: Way, folder: Path, provider: Running, length: Length) -> None:
    """Print what each number of workers did."""
    from peers.population import phones

    from banshi.app import loaded, open_platform
    from banshi.kernel.loading.configuration import read_configuration
    from banshi.sdk.operations import ProcessRole

    registry = loaded(read_configuration(folder / "plugins.toml"))
    async with open_platform(registry, ProcessRole(lanes=frozenset())) as server:
        await phones(server, length.phones)
        rounds: dict[int, list[dict[str, float]]] = {count: [] for count in COUNTS}
        for _ in range(length.rounds):
            for count, done in rounds.items():
                done.append(await one_round(server, folder, provider, count, length.phones))
    print(f"## A notice to {length.phones:,} phones: {way.title}\n")
    rows = []
    for count, done in rounds.items():
        rate, cpu, there = (median([one[key] for one in done]) for key in ("per_second", "cpu", "provider"))
        pairs = list(zip(done, rounds[COUNTS[0]], strict=True))
        ratio = median([one["per_second"] / first["per_second"] for one, first in pairs])
        cost = median([first["cpu"] / one["cpu"] for one, first in pairs])
        cells = [f"{rate:,.0f}", f"{cpu:,.0f}", f"{there:,.0f}", f"{ratio:.2f}", f"{cost:.2f}"]
        rows.append([f"{count} worker{'s'[: count - 1]}", *cells])
    table(["", "messages/s", "workers' CPU µs", "provider's CPU µs", "ratio", "ratio by CPU"], rows)


async def one_round(server: Any, folder: Path, provider: Running, count: int, phones: int) -> dict[str, float]:
    """Publish a notice to so many workers, and see every phone get it once."""
    from peers.population import dealt_with, published

    with ExitStack() as stack:
        command = banshi(folder / "plugins.toml", "worker", "--lanes", "notice")
        workers = [stack.enter_context(running(command, side=None)) for _ in range(count)]
        await asyncio.sleep(0.5)
        ask(provider, folder, "/provider/report")
        before, there = sum(worker.cpu() for worker in workers), provider.cpu()
        begun = time.perf_counter()
        await dealt_with(await published(server, everyone=True))
        took = time.perf_counter() - begun
        seen = await asyncio.to_thread(ask, provider, folder, "/provider/report")
        assert (seen["distinct"], seen["taken"]) == (phones, phones), seen
        return {
            "per_second": phones / took,
            "cpu": (sum(worker.cpu() for worker in workers) - before) / phones * 1e6,
            "provider": (provider.cpu() - there) / phones * 1e6,
        }


if __name__ == "__main__":
    main()
