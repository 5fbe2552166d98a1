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
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from crowd import crowd
from processes import HERE, Running, banshi, finished, machine, median, python, running, table
from stream_server import asked, opened, tokens

#: Seconds between the notice and the first alert, and between two alerts.
APART = 3.0

MIB = 1024 * 1024


def configuration(folder: Path, provider: Running) -> Path:
    """A city whose FCM is the provider, and a department that publishes when it is told to."""
    file = folder / "plugins.toml"
    file.write_text(
        '[platform]\ndata = "data"\n'
        f'[plugins.crier]\napi = 1\npath = "{HERE / "plugins" / "crier"}"\n'
        '[plugins.mobile_push]\napi = 1\npackage = "mobile_push"\n'
        "[plugins.mobile_push.settings.fcm]\n"
        f'service_account_file = "{folder / "account.json"}"\n'
        f'base_url = "{provider.url}/v1/projects"\nca_file = "{folder / "ca.pem"}"\n'
    )
    return file


def publish(server: Running, kind: str) -> dict[str, Any]:
    return asked(server, f"alerts?kind={kind}", method="POST")


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


def overtake(folder: Path, provider: Running, count: int, streams: int, alerts: int) -> None:
    config = configuration(folder, provider)
    finished(
        python("peers/broadcaster.py"),
        side=0,
        seconds=600,
        given={"work": "seed", "config": str(config), "count": count},
    )
    with (
        running(banshi(config, "serve", "--port", "0")) as server,
        crowd(server.url, tokens(folder, streams)) as phones,
    ):
        opened(phones, streams)
        idle = asked(server, "state")["resident"]
        notice = publish(server, "notice")
        phones.arrived(notice["seq"], streams)
        rows, most = [], idle
        for _ in range(alerts):
            time.sleep(APART)
            before = sum(pushed(folder, 2).values())
            alert = publish(server, "alert")
            at = [moment - alert["began"] for moment in phones.arrived(alert["seq"], streams)["at"]]
            most = max(most, asked(server, "state")["resident"])
            rows.append((at[0], median(at), at[int(len(at) * 0.99) - 1], at[-1], before))
        time.sleep(APART)
        steps = pushed(folder, 1)
        under_way = sum(pushed(folder, 2).values())
    print(f"## {count:,} phones, {streams:,} streams, {alerts} alerts while {under_way:,} of the notice were sent\n")
    head = ["on the stream", "first ms", "median ms", "99 % ms", "last ms", "of the notice sent before"]
    cells = [
        [f"alert {n + 1}", *(f"{1000 * one:,.0f}" for one in row[:4]), f"{row[4]:,}"] for n, row in enumerate(rows)
    ]
    table(head, cells)
    found = ", ".join(f"the first {n:,} within {first_pushed(steps, n):.2f} s" for n in (1, 100, min(10_000, count)))
    print(f"Through FCM, over all alerts: {found}. The server grew by {(most - idle) / MIB:.1f} MiB.\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help="few phones")
    given = parser.parse_args()
    print(f"{machine()}\n")
    if given.short:
        print("The short form looks whether everything works; its figures say little.\n")
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-") as name:
        folder = Path(name)
        with running(python("peers/provider.py", str(folder)), side=1) as provider:
            if given.short:
                overtake(folder, provider, 20_000, 200, 1)
            else:
                overtake(folder, provider, 1_000_000, 10_000, 3)


if __name__ == "__main__":
    main()
