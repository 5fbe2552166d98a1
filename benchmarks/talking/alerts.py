"""An alert to 10,000 contacts while people chat: how late are their answers, and does each contact hear of it once?"""

from __future__ import annotations

import argparse
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.shared.api_load import until_settled
from benchmarks.shared.cities import city
from benchmarks.shared.databases import postgres_if
from benchmarks.shared.fetching import ANSWER_TIMEOUT_S
from benchmarks.shared.figures import median
from benchmarks.shared.processes import serving
from benchmarks.talking.rates import PEOPLE, PLUGINS, RATE, posted, turns_of

#: Of a chat's p99 without them.
MOST_P99 = 2.0


def measured(folder: Path, title: str, length: argparse.Namespace, *, on_postgres: bool) -> list[str]:
    """What is aimed at and missed."""
    with postgres_if(on_postgres) as database, serving(city(folder / "alerts", PLUGINS, database=database)) as server:
        chat = turns_of(server, length, rate=RATE)
        chat()
        until_settled(server)
        without = [chat() for _ in range(length.rounds)]
        begun = time.monotonic()
        posted(f"{server.url}/v1/benchmark/alerts", json.dumps({"count": length.alerts}).encode())
        beside = list[dict[str, Any]]()
        while not (told := state(server.url))["over"] or told["waiting"] or not beside:
            beside.append(chat())
        seconds = time.monotonic() - begun
    before, after = (median([one["p99"] for one in rounds]) for rounds in (without, beside))
    print(f"## {length.alerts:,} alerts on {title}, while {PEOPLE} people write {RATE} messages a second\n")
    print(f"| | without | beside them, {len(beside)} rounds |\n| --- | ---: | ---: |")
    for name in ("p50", "p99"):
        values = (median([one[name] for one in rounds]) for rounds in (without, beside))
        print(f"| {name} ms | {' | '.join(f'{one:.1f}' for one in values)} |")
    print(f"\n{told['once']:,} heard once, {told['more']} more often, after {seconds:.0f} s at most.\n", flush=True)
    lost = told["once"] != length.alerts or told["more"] or told["promised"] != length.alerts
    aims = {"each once": lost, "p99": not length.short and after > MOST_P99 * before}
    return [aim for aim, is_missed in aims.items() if is_missed]


def state(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/v1/benchmark/alerts", timeout=ANSWER_TIMEOUT_S) as answer:  # noqa: S310
        return dict(json.loads(answer.read()))
