"""What a turn costs, and how late it is answered: the whole server, its writes alone, and a lean handler with them."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.shared.api_load import until_settled, without_engine
from benchmarks.shared.cities import OFFICES, OWN, SYNCED, city
from benchmarks.shared.databases import postgres_if
from benchmarks.shared.fetching import document
from benchmarks.shared.figures import Column, alternate, compare, ratios
from benchmarks.shared.processes import python, running, serving
from benchmarks.talking.script import messages
from benchmarks.town.checks import Database

#: People who write as soon as they are answered, and those who write fifty messages a second.
AT_ONCE, PEOPLE, RATE = 32, 100, 50

LEAN, WHOLE = "lean aiohttp + Tortoise", "banshi, whole"
#: Of the lean handler's processor time, and of its p99 at that rate, in the same run.
MOST_CPU, MOST_P99 = 1.0, 2.0

#: The repository's items, which the search goes through, and the benchmark's own.
PLUGINS = {**OFFICES, "talking": OWN / "talking"}


def measured(folder: Path, title: str, length: argparse.Namespace, *, on_postgres: bool) -> list[str]:
    """The three sides in turn, and then two of them at the promised rate; what is aimed at and missed."""
    with ExitStack() as stack:
        whole, quiet, lean = (stack.enter_context(postgres_if(on_postgres)) for _ in range(3))
        files = {"whole": city(folder / "whole", PLUGINS, database=whole)}
        files["quiet"] = city(folder / "quiet", PLUGINS, database=quiet)
        server = stack.enter_context(serving(files["whole"]))
        without = stack.enter_context(running(without_engine(files["quiet"], "serve", "--port", "0")))
        steps = folder / "steps.json"
        steps.write_text(json.dumps(recorded(without.url, quiet or embedded(folder / "quiet" / "data" / "banshi"))))
        peer = stack.enter_context(
            running(python("peers/lean_turns.py", lean or f"{embedded(folder / 'lean')}?{SYNCED}", str(steps)))
        )
        sides = {
            LEAN: turns_of(peer, length),
            "banshi, the same writes": turns_of(without, length),
            WHOLE: turns_of(server, length),
        }
        results = alternate(length.rounds, sides)
        until_settled(server)
        paced = {LEAN: turns_of(peer, length, rate=RATE), WHOLE: turns_of(server, length, rate=RATE)}
        late = alternate(length.rounds, paced)
    print(f"## Turns on {title}: {AT_ONCE} conversations at once, {len(messages('')) - 1} turns each\n")
    compare(results, (*FIGURES, *ratios(LEAN, "per_second")))
    print(f"## Turns on {title}: {PEOPLE} conversations, {RATE} turns a second\n")
    compare(late, (*FIGURES, P99_TIMES))
    found = missed(float(CPU_SHARE.cell(results, WHOLE)), float(P99_TIMES.cell(late, WHOLE)))
    # The short form looks whether it works at all: its rounds are too short for an aim.
    return [] if length.short else found


def missed(cpu: float, p99: float) -> list[str]:
    """Which aims are, by the processor time of a turn and its p99, both in multiples of the lean handler's."""
    print(f"A turn takes {cpu:.2f} of the lean handler's processor time; the aim is {MOST_CPU} at most.")
    print(
        f"At {RATE} a second its p99 is {p99:.2f} times the lean handler's; the aim is {MOST_P99} at most.\n",
        flush=True,
    )
    return [aim for aim, is_missed in (("cpu", cpu > MOST_CPU), ("p99", p99 > MOST_P99)) if is_missed]


FIGURES = (
    Column("turns/s", "per_second"),
    Column("server's CPU µs", "cpu"),
    Column("turns/s a core", "a_core"),
    Column("p50 ms", "p50", ".1f"),
    Column("p99 ms", "p99", ".1f"),
    Column("load's core", "busy", ".0%"),
)
CPU_SHARE, P99_TIMES = Column("CPU, times", "cpu", ".2f", LEAN), Column("p99, times", "p99", ".2f", LEAN)


def embedded(file: Path) -> str:
    return f"sqlite://{file}.sqlite3"


def turns_of(server: Any, length: argparse.Namespace, rate: int = 0) -> Callable[[], dict[str, Any]]:
    """One round of turns, with the server's processor time for each."""

    def go() -> dict[str, Any]:
        plan = {"url": server.url, "rate": rate, "people": PEOPLE if rate else AT_ONCE, "name": f"{time.time_ns():x}"}
        plan |= {"seconds": length.seconds, "warm_up": length.warm_up}
        with running(python("talking/load.py"), side=1, told=json.dumps(plan)) as load:
            before = server.cpu()
            result: dict[str, Any] = json.loads(load.ask("go"))
            result["cpu"] = (server.cpu() - before) / result["all"] * 1e6
        result["a_core"] = 1e6 / result["cpu"]
        return result

    return go


def recorded(url: str, database: str) -> list[dict[str, Any]]:
    """One conversation: what is answered to each message, and what is remembered then."""
    steps = []
    for number, (text, _) in enumerate(messages("recorded")):
        body = {"key": str(number), "contact": "recorded", "text": text}
        said = document(f"{url}/v1/benchmark/messages", method="POST", body=body)["text"]
        if number == 0:
            document(f"{url}/v1/benchmark/people", method="POST", body={"contact": "recorded"})
        (row,) = Database(database).rows("SELECT state, memory FROM conversations_conversation")
        steps.append({"reply": said, "state": row["state"], "memory": json.loads(row["memory"])})
    (case,) = Database(database).rows("SELECT answers FROM banshi_case")
    steps[-1]["answers"] = json.loads(case["answers"])
    return steps
