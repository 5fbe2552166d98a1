"""As many phones on the stream as there can be: twenty thousand, on one server if the system lets it have the files."""

from __future__ import annotations

import argparse
import math
import resource
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.shared.figures import table
from benchmarks.shared.processes import serving
from benchmarks.streams.crowd import crowd
from benchmarks.streams.server import KIB, check, opened, publish, state, tokens, town

#: File descriptors that a server needs for itself.
OWN_FILES = 64


def most(folder: Path, length: argparse.Namespace) -> None:
    """All phones on one server; where it may not have that many files open, as many as it may, then all on several."""
    # The hard limit: `banshi serve` takes what it is permitted by itself.
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    fits = length.most if limit == resource.RLIM_INFINITY else min(length.most, limit - OWN_FILES)
    servers = max(2, math.ceil(length.most / fits))
    rows = [[f"{fits:,} phones, one server", *held(folder / "one", length, fits, 1)]]
    if fits < length.most or length.short:
        name = f"{length.most:,} phones, {servers} servers with one database"
        rows.append([name, *held(folder / "several", length, length.most, servers)])
    print(f"## As many phones as there can be; one process may have {limit:,} files open here\n")
    table(["", "s to open all", "KiB each", "ms until a broadcast reached all", "lost"], rows)


def held(folder: Path, length: argparse.Namespace, count: int, servers: int) -> list[str]:
    """Open so many phones, in equal shares on the servers, and publish to all on the first; the figures."""
    file = town(folder)
    with ExitStack() as stack:
        ours = [stack.enter_context(serving(file)) for _ in range(servers)]
        people = tokens(folder, count)
        # The processes that the phones are in have a limit as well, so there are always two of them or more.
        share = math.ceil(count / max(2, servers))
        parts = [people[first : first + share] for first in range(0, count, share)]
        sizes = [len(part) for part in parts]
        crowds = [stack.enter_context(crowd(ours[at % servers].url, part)) for at, part in enumerate(parts)]
        before = sum(state(server)["resident"] for server in ours)
        seconds = sum(opened(phones, size)["seconds"] for phones, size in zip(crowds, sizes, strict=True))
        time.sleep(length.settle)
        each = (sum(state(server)["resident"] for server in ours) - before) / count
        told = publish(ours[0])
        last = 0.0
        for phones, size in zip(crowds, sizes, strict=True):
            found = phones.arrived(told["seq"], size)
            check(found, size)
            last = max(last, *found["at"])
        time.sleep(length.watch)
        lost = count - sum(state(server)["streams"] for server in ours)
    return [f"{seconds:.1f}", f"{each / KIB:.1f}", f"{(last - told['began']) * 1e3:,.0f}", str(lost)]
