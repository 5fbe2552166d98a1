"""An alert that is published while a notice to a million phones is under way: how soon is it on the phones?

    python benchmarks/overtaking.py            # a million phones, 10,000 of people with an open stream, five minutes
    python benchmarks/overtaking.py --short    # a look whether it works at all, as in continuous integration

One `banshi serve` sends the notice through FCM to every phone and holds the streams. benchmarks/README.md says more.
"""

from __future__ import annotations

import argparse
import json
import math
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import OWN, PUSH, city
from benchmarks.shared.figures import median, percentile, table
from benchmarks.shared.processes import finished, python, serving, workspace
from benchmarks.shared.provider import Provider, provider
from benchmarks.streams.crowd import crowd
from benchmarks.streams.server import MIB, opened, publish, state, tokens

#: Seconds between the notice and the first alert, and between two alerts.
BETWEEN_ALERTS_S = 3.0


def pushed(folder: Path, lane: int) -> dict[int, int]:
    """How many pushes of that lane FCM took within which step of seconds, over all chunks."""
    total: dict[int, int] = {}
    with closing(sqlite3.connect(f"file:{folder}/data/banshi.sqlite3?mode=ro", uri=True)) as database:
        for (text,) in database.execute("SELECT seconds FROM push_chunk WHERE lane = ?", [lane]):
            for bucket, count in json.loads(text).items():
                total[int(bucket)] = total.get(int(bucket), 0) + count
    return total


def first_pushed(steps: dict[int, int], count: int) -> float:
    """Seconds within which FCM had taken the first `count` pushes."""
    seen = 0
    for bucket in sorted(steps):
        seen += steps[bucket]
        if seen >= count:
            return math.exp(bucket * math.log(1.1)) / 1000
    return math.nan


def overtake(folder: Path, to: Provider, given: argparse.Namespace) -> None:
    count, streams = given.phones, given.streams
    config = city(folder, {"crier": OWN / "crier", **PUSH}, settings={"mobile_push": {"fcm": to.settings()}})
    plan = {"sender": "seed", "config": str(config), "count": count}
    finished(python("sending/broadcaster.py"), side=0, seconds=600, given=plan)
    with serving(config) as server, crowd(server.url, tokens(folder, streams)) as phones:
        opened(phones, streams)
        idle = state(server)["resident"]
        notice = publish(server, kind="notice")
        phones.arrived(notice["seq"], streams)
        rows, most = [], idle
        for number in range(given.alerts):
            time.sleep(BETWEEN_ALERTS_S)
            before = sum(pushed(folder, 2).values())
            alert = publish(server, kind="alert")
            at = [moment - alert["began"] for moment in phones.arrived(alert["seq"], streams)["at"]]
            most = max(most, state(server)["resident"])
            figures = at[0], median(at), percentile(at, 0.99), at[-1]
            rows.append([f"alert {number + 1}", *(f"{1000 * one:,.0f}" for one in figures), f"{before:,}"])
        time.sleep(BETWEEN_ALERTS_S)
        steps, under_way = pushed(folder, 1), sum(pushed(folder, 2).values())
    print(
        f"## {count:,} phones, {streams:,} streams, {given.alerts} alerts while {under_way:,} of the notice were sent\n"
    )
    table(["on the stream", "first ms", "median ms", "99 % ms", "last ms", "of the notice sent before"], rows)
    found = ", ".join(f"the first {n:,} within {first_pushed(steps, n):.2f} s" for n in (1, 100, min(10_000, count)))
    print(f"Through FCM, over all alerts: {found}. The server grew by {(most - idle) / MIB:.1f} MiB.\n")


def main() -> None:
    given = begun(options(__doc__, phones=(1_000_000, 20_000), streams=(10_000, 200), alerts=(3, 1)))
    with workspace() as folder, provider() as to:
        overtake(folder, to, given)


if __name__ == "__main__":
    main()
