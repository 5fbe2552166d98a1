"""The city's set-up: the real `banshi serve --workers` on PostgreSQL, with one worker and with two, and beside a peer.

    python benchmarks/cluster.py            # five rounds, four minutes
    python benchmarks/cluster.py --short    # a look whether it works at all, as in continuous integration

Nothing is pinned: workers, PostgreSQL and the load share the machine's cores, so on two cores the second worker gets
what the others leave. What a request costs the workers in processor time says what further cores would bring.
"""

from __future__ import annotations

import argparse
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api import CASES, FULL, ITEM, LANGUAGE, READS, SHORT, WRITES, Length, compare, fetched, submission
from databases import has_postgres, postgres
from processes import HERE, ROOT, START, Running, alternate, banshi, finished, machine, median, python, running

from banshi.kernel.loading.settings import Pool

PLUGINS = f"""
[plugins.traffic]
api = 1
path = "{ROOT / "plugins" / "departments" / "traffic"}"
[plugins.permits]
api = 1
path = "{HERE / "plugins" / "permits"}"
[plugins.mobile_push]
api = 1
package = "mobile_push"
"""

#: Workers of each side.
COUNTS = (1, 2)

#: Seconds until the engine has worked off what a round has submitted.
PATIENCE = 120.0


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
        masters = {server.process.pid for server in self.servers}
        spent = sum(server.cpu() for server in self.servers)
        for process in Path("/proc").glob("[0-9]*"):
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) in masters:
                spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="one short round of each")
    length = SHORT if parser.parse_args().short else FULL
    if not has_postgres():
        return
    print(f"{machine()}; here nothing is pinned\n")
    one, two = (f"banshi, {count} worker{'s'[: count - 1]}" for count in COUNTS)
    with ExitStack() as stack:
        whole = {name: stack.enter_context(opened(count)) for name, count in zip((one, two), COUNTS, strict=True)}
        read = {"head": f"GET {ITEM} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}", "at_once": READS}
        results = alternate(length.rounds, {name: load(side, length, "200", read) for name, side in whole.items()})
        print(f"## GET {ITEM}, {READS} at once\n")
        compare(results, one)
        results = alternate(length.rounds, {name: submitting(side, length) for name, side in whole.items()})
        print(f"## POST {CASES}, {WRITES} at once, the engine working beside it\n")
        compare(results, one)
        done = [f"{median([one['done'] for one in rounds]):,.0f}" for rounds in results.values()]
        print(f"From the first request until each case was accepted and its message kept: {', '.join(done)} cases/s.\n")
    with ExitStack() as stack:
        quiet = {
            name: stack.enter_context(opened(count, engine=False))
            for name, count in zip((one, two), COUNTS, strict=True)
        }
        peer = f"lean aiohttp + Tortoise, {COUNTS[-1]} processes"
        sides = {peer: stack.enter_context(lean(COUNTS[-1], quiet[one].data)), **quiet}
        results = alternate(
            length.rounds, {name: submitting(side, length, engine=False) for name, side in sides.items()}
        )
        print(f"## POST {CASES}, {WRITES} at once, the same four rows alone\n")
        compare(results, peer)


@contextmanager
def opened(count: int, *, engine: bool = True) -> Iterator[Side]:
    """A server of ours, once all of its workers serve."""
    with tempfile.TemporaryDirectory(prefix="banshi-cluster-") as folder, postgres() as database:
        file = Path(folder) / "plugins.toml"
        settings = f'[platform]\ndevelopment = true\ndatabase = "{database}"\nlog_level = "info"\n'
        file.write_text(settings + PLUGINS, encoding="utf-8")
        given = ("serve", "--workers", str(count), "--port", "0")
        quiet = python("without_engine.py", "--config", str(file), *given)
        with running(banshi(file, *given) if engine else quiet, side=None) as server:
            deadline = time.monotonic() + START
            while not everybody(server, count):
                if time.monotonic() > deadline:
                    raise RuntimeError("not every worker serves")
                time.sleep(0.1)
            yield Side([server], Path(folder) / "data")


@contextmanager
def lean(count: int, data: Path) -> Iterator[Side]:
    """So many processes of the peer, with as many connections to their database, and the keys in `data`."""
    form = HERE / "plugins" / "permits" / "forms" / "fast-pass.json"
    with socket.socket() as held, postgres() as database, ExitStack() as stack:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        pool = Pool()
        where = f"{database}?minsize={pool.least}&maxsize={pool.most}"
        command = python("peers/lean.py", where, str(data / "keys"), str(form), str(held.getsockname()[1]))
        yield Side([stack.enter_context(running(command, side=None)) for _ in range(count)], data)


def everybody(server: Running, count: int) -> bool:
    """Whether all workers answer."""
    lines = fetched(f"{server.url}/metrics")[0].splitlines()
    return (
        count == 1 or sum(line.startswith(b"banshi_worker_up{") and line.endswith(b" 1.0") for line in lines) == count
    )


def load(side: Side, length: Length, expect: str, plan: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    """One round."""
    where = urlsplit(side.url)
    plan = {**plan, "host": where.hostname, "port": where.port, "seconds": length.seconds, "warm_up": length.warm_up}

    def go() -> dict[str, Any]:
        before = side.cpu()
        given = {**plan, "keys": f"{time.time_ns():x}"}
        result: dict[str, Any] = finished(python("load.py"), side=None, seconds=length.seconds + 60, given=given)
        if set(result["statuses"]) != {expect}:
            raise RuntimeError(f"{side.url} answered {result['statuses']} instead of {expect} alone")
        result["cpu"] = (side.cpu() - before) / result["all"] * 1e6
        return result

    return go


def submitting(side: Side, length: Length, *, engine: bool = True) -> Callable[[], dict[str, Any]]:
    """One round of submissions; with `engine` until it has nothing left to do."""
    go = load(side, length, "201", {**submission(side.data), "at_once": WRITES})

    def settled() -> dict[str, Any]:
        before, begun = side.cpu(), time.perf_counter()
        result = go()
        while b'state="due"' in fetched(f"{side.url}/metrics")[0]:
            if time.perf_counter() - begun > PATIENCE:
                raise RuntimeError(f"the engine is still busy after {PATIENCE:g} s")
            time.sleep(0.05)
        done = result["all"] / (time.perf_counter() - begun)
        return {**result, "cpu": (side.cpu() - before) / result["all"] * 1e6, "done": done}

    return settled if engine else go


if __name__ == "__main__":
    main()
