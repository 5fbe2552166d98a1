"""An alert to 10,000 contacts while people chat: how late are their answers, and does each contact hear of it once?"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from benchmarks.shared.api_load import until_settled
from benchmarks.shared.cities import city
from benchmarks.shared.databases import postgres_if
from benchmarks.shared.fetching import document
from benchmarks.shared.figures import Column, compare, median
from benchmarks.shared.processes import serving
from benchmarks.talking.rates import PEOPLE, PLUGINS, RATE, turns_of

#: Of a chat's p99 without them.
MOST_P99 = 2.0

LATE = (Column("p50 ms", "p50", ".1f"), Column("p99 ms", "p99", ".1f"))


def measured(folder: Path, title: str, length: argparse.Namespace, *, on_postgres: bool) -> list[str]:
    """What is aimed at and missed."""
    with postgres_if(on_postgres) as database, serving(city(folder / "alerts", PLUGINS, database=database)) as server:
        chat = turns_of(server, length, rate=RATE)
        chat()
        until_settled(server)
        without = [chat() for _ in range(length.rounds)]
        begun = time.monotonic()
        url = f"{server.url}/v1/benchmark/alerts"
        document(url, method="POST", body={"count": length.alerts})
        beside = list[dict[str, Any]]()
        while not (told := document(url))["over"] or told["waiting"] or not beside:
            beside.append(chat())
        seconds = time.monotonic() - begun
    print(f"## {length.alerts:,} alerts on {title}, while {PEOPLE} people write {RATE} messages a second\n")
    compare({"without": without, f"beside them, {len(beside)} rounds": beside}, LATE)
    print(f"{told['once']:,} heard once, {told['more']} more often, after {seconds:.0f} s at most.\n", flush=True)
    before, after = (median([one["p99"] for one in rounds]) for rounds in (without, beside))
    lost = told["once"] != length.alerts or told["more"] or told["promised"] != length.alerts
    aims = {"each once": lost, "p99": not length.short and after > MOST_P99 * before}
    return [aim for aim, is_missed in aims.items() if is_missed]
