"""The city's set-up: the real `banshi serve --workers` on PostgreSQL, with one worker and with two, and beside a peer.

    python benchmarks/cluster.py            # five rounds, four minutes
    python benchmarks/cluster.py --short    # a look whether it works at all, as in continuous integration

Nothing is pinned: workers, PostgreSQL and the load share the machine's cores, so on two cores the second worker gets
what the others leave. What a request costs the workers in processor time says what further cores would bring.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from banshi.kernel.loading.settings import Pool
from benchmarks.shared.api_load import (
    CASES,
    ITEM,
    LENGTHS,
    READS,
    WRITES,
    columns,
    reads_of,
    submission,
    without_engine,
    writes_of,
)
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import CITY, FORM, OWN, city
from benchmarks.shared.databases import has_postgres, postgres
from benchmarks.shared.fetching import fetched
from benchmarks.shared.figures import alternate, compare, median
from benchmarks.shared.processes import START_S, Running, banshi, cpu_of, python, running, workspace

#: Workers of each side.
COUNTS = (1, 2)


@dataclass(frozen=True, slots=True)
class Side:
    """Server processes on one port, with a database and a folder of their own."""

    servers: Sequence[Running]
    data: Path

    @property
    def url(self) -> str:
        return self.servers[0].url

    def cpu(self) -> float:
        """Seconds of processor time of all its processes, and of the workers that they have."""
        masters = {server.pid for server in self.servers}
        workers = map(cpu_of, Path("/proc").glob("[0-9]*"))
        return sum(server.cpu() for server in self.servers) + sum(cpu for cpu, parent in workers if parent in masters)


def main() -> None:
    parser = options(__doc__, **LENGTHS)
    if not has_postgres():
        return
    given = begun(parser, "here nothing is pinned")
    one, two = (f"banshi, {count} worker{'s'[: count - 1]}" for count in COUNTS)
    with ExitStack() as stack:
        whole = {name: stack.enter_context(opened(count)) for name, count in zip((one, two), COUNTS, strict=True)}
        sides = {name: reads_of(side, given, side=None) for name, side in whole.items()}
        print(f"## GET {ITEM}, {READS} at once\n")
        compare(alternate(given.rounds, sides), columns(one))
        sides = {
            name: writes_of(side, given, submission(side.data), settle=True, side=None) for name, side in whole.items()
        }
        results = alternate(given.rounds, sides)
        print(f"## POST {CASES}, {WRITES} at once, the engine working beside it\n")
        compare(results, columns(one, "whole_cpu"))
        done = [f"{median([one['done'] for one in rounds]):,.0f}" for rounds in results.values()]
        print(f"From the first request until each case was accepted and its message kept: {', '.join(done)} cases/s.\n")
    with ExitStack() as stack:
        quiet = {
            name: stack.enter_context(opened(count, engine=False))
            for name, count in zip((one, two), COUNTS, strict=True)
        }
        peer = f"lean aiohttp + Tortoise, {COUNTS[-1]} processes"
        all_sides = {peer: stack.enter_context(lean(COUNTS[-1], quiet[one].data)), **quiet}
        sides = {name: writes_of(side, given, submission(side.data), side=None) for name, side in all_sides.items()}
        results = alternate(given.rounds, sides)
        print(f"## POST {CASES}, {WRITES} at once, the same four rows alone\n")
        compare(results, columns(peer))


@contextmanager
def opened(count: int, *, engine: bool = True) -> Iterator[Side]:
    """A server of ours, once all of its workers serve."""
    with workspace() as folder, postgres() as database:
        file = city(folder, {**CITY, "permits": OWN / "permits"}, development=True, database=database)
        given = ("serve", "--workers", str(count), "--port", "0")
        with running(banshi(file, *given) if engine else without_engine(file, *given), side=None) as server:
            deadline = time.monotonic() + START_S
            while not everybody(server, count):
                if time.monotonic() > deadline:
                    raise RuntimeError("not every worker serves")
                time.sleep(0.1)
            yield Side([server], folder / "data")


@contextmanager
def lean(count: int, data: Path) -> Iterator[Side]:
    """So many processes of the peer, with as many connections to their database, and the keys in `data`."""
    with socket.socket() as held, postgres() as database, ExitStack() as stack:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        pool = Pool()
        where = f"{database}?minsize={pool.least}&maxsize={pool.most}"
        command = python("peers/lean.py", where, str(data / "keys"), str(FORM), str(held.getsockname()[1]))
        yield Side([stack.enter_context(running(command, side=None)) for _ in range(count)], data)


def everybody(server: Running, count: int) -> bool:
    """Whether all workers answer."""
    lines = fetched(f"{server.url}/metrics")[0].splitlines()
    return (
        count == 1 or sum(line.startswith(b"banshi_worker_up{") and line.endswith(b" 1.0") for line in lines) == count
    )


if __name__ == "__main__":
    main()
