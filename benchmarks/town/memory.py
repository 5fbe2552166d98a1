"""The memory of `soak.py`'s server: how it was over time, and by how much it has grown."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: Share of the run after which memory counts, and seconds between two looks at it.
WARM_UP_SHARE, LOOK_S = 1 / 3, 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The server's memory at one time: seconds since the start; MiB that are its own, and that are resident."""

    at: float
    own: float
    resident: float
    #: As peers/telling_server.py says them.
    blocks: int
    used: float
    kept: float


def memory(process: int, alive: Path, at: float) -> Sample:
    """What the kernel says of a process, its shared pages counted or not, and what it says of itself."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    blocks, used, kept = alive.read_text().split()
    own = kib["Private_Clean"] + kib["Private_Dirty"]
    return Sample(at, own / 1024, kib["Rss"] / 1024, int(blocks), float(used), float(kept))


async def watched(process: int, alive: Path, samples: list[Sample]) -> None:
    """Look at it again and again until cancelled."""
    begun = time.monotonic()
    while True:
        samples.append(memory(process, alive, time.monotonic() - begun))
        await asyncio.sleep(LOOK_S)


def warm(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Those that count."""
    return [one for one in samples if one.at >= samples[-1].at * WARM_UP_SHARE]


def growth(values: Sequence[float]) -> tuple[float, float]:
    """By which share the last third is above the first, and a line through all ends above its beginning."""
    if len(values) < 6:
        return 0.0, 0.0
    third = len(values) // 3
    first, last = statistics.fmean(values[:third]), statistics.fmean(values[-third:])
    slope, base = statistics.linear_regression(range(len(values)), values)
    return last / first - 1, slope * (len(values) - 1) / base
