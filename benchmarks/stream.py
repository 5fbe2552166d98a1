"""The stream with ten thousand phones: what one costs, how fast a broadcast reaches all, and what is left behind.

    python benchmarks/stream.py            # everything, about five minutes
    python benchmarks/stream.py --short    # a look whether it works at all, as in continuous integration

benchmarks/README.md says what is compared with what, and why that is fair.
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.shared.arguments import options, run_parts
from benchmarks.shared.figures import Column, alternate, compare, percentile, table
from benchmarks.shared.processes import Running, python, running, serving
from benchmarks.streams.crowd import Crowd, crowd
from benchmarks.streams.most import most
from benchmarks.streams.server import KIB, check, opened, publish, state, tokens, town

#: Seconds that a server gets to notice that phones have left.
NOTICE_TIMEOUT_S = 60.0

#: Broadcasts to the phones that stop reading alone, that fill what the system keeps for each.
FILLING, FILLING_SIZE = 260, 20_000

#: What is shown of the broadcasts of each side, in milliseconds.
ROUND = (
    *(Column("ms to write", "write"), Column("CPU ms", "cpu"), Column("first phone ms", "first")),
    *(Column("p99", "p99"), Column("last", "last")),
    *(Column("ratio", "write", ".2f", "bare aiohttp"), Column("ratio by CPU", "cpu", ".2f", "bare aiohttp")),
)


def empty(server: Running, length: argparse.Namespace) -> dict[str, Any]:
    """The server's state once it has noticed that all phones have left."""
    deadline = time.monotonic() + NOTICE_TIMEOUT_S
    while state(server)["streams"]:
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"{server.url} still has {state(server)['streams']} streams after {NOTICE_TIMEOUT_S:g} s"
            )
        time.sleep(0.2)
    time.sleep(length.settle)
    return state(server)


# -- what one costs, and a broadcast to all ---------------------------------------------------------------------------


def broadcasts(folder: Path, length: argparse.Namespace) -> None:
    """Memory per open stream, and the time of a broadcast, against bare aiohttp."""
    count = length.phones
    with (
        serving(town(folder)) as ours,
        running(python("streams/bare.py")) as bare,
        crowd(ours.url, people := tokens(folder, count)) as our_phones,
        crowd(bare.url, people) as bare_phones,
    ):
        sides = {"bare aiohttp": (bare, bare_phones), "banshi": (ours, our_phones)}
        memory = {name: filled(server, phones, length) for name, (server, phones) in sides.items()}
        rounds = alternate(
            length.broadcasts, {name: partial(round_of, *side, count) for name, side in sides.items()}, pause=0.5
        )
        for name, (server, phones) in sides.items():
            memory[name] |= emptied(server, phones, length)
    print(f"## {count:,} open streams\n")
    show_memory(memory, count)
    show_rounds(rounds)


def filled(server: Running, phones: Crowd, length: argparse.Namespace) -> dict[str, float]:
    """Open all phones; what each of them costs, in bytes and in processor time."""
    # What is loaded and allocated for the very first ones is not theirs.
    opened(phones, min(200, length.phones))
    publish(server)
    phones.leave(min(200, length.phones))
    before = empty(server, length)
    result = opened(phones, length.phones)
    cpu = state(server)["cpu"] - before["cpu"]
    time.sleep(length.settle)
    after = state(server)
    return {
        "before": before["resident"],
        "each": (after["resident"] - before["resident"]) / length.phones,
        "connect": result["seconds"],
        "cpu": cpu / length.phones * 1e6,
        "blocks": before["blocks"],
        "tasks": before.get("tasks", 0),
        "files": before.get("descriptors", 0),
    }


def round_of(server: Running, phones: Crowd, count: int) -> dict[str, float]:
    """One broadcast: seconds of writing to all, and until it reached the first, nearly all, and the last phone."""
    told = publish(server)
    at = phones.arrived(told["seq"], count)
    check(at, count)
    arrivals = [moment - told["began"] for moment in at["at"]]
    return {
        "write": told["seconds"],
        "cpu": told["cpu"],
        "first": arrivals[0],
        "p99": percentile(arrivals, 0.99),
        "last": arrivals[-1],
    }


def emptied(server: Running, phones: Crowd, length: argparse.Namespace) -> dict[str, float]:
    """Let all leave, come and leave again: what the second time adds is lost.

    The memory of those who left stays with the allocators, for those who come; what is alive is counted in blocks.
    """
    phones.leave(length.phones)
    first = empty(server, length)
    opened(phones, length.phones)
    phones.leave(length.phones)
    second = empty(server, length)
    return {
        "grown": second["resident"] - first["resident"],
        "alive": second["blocks"] - first["blocks"],
        "tasks left": second.get("tasks", 0),
        "files left": second.get("descriptors", 0),
    }


def show_memory(memory: dict[str, dict[str, float]], count: int) -> None:
    rows, peer = [], memory["bare aiohttp"]
    for name, one in memory.items():
        ratio, rate = one["each"] / peer["each"], count / one["connect"]
        row = [name, f"{one['each'] / KIB:.1f}", f"{ratio:.2f}", f"{one['cpu']:,.0f}", f"{rate:,.0f}"]
        rows.append([*row, f"{one['grown'] / count:,.0f}", f"{one['alive'] / count:.3f}"])
    head = ["", "KiB each", "ratio", "CPU µs to open one", "opened/s"]
    table([*head, "bytes each left behind", "objects each left behind"], rows)
    ours = memory["banshi"]
    print(f"Tasks before and after: {ours['tasks']:.0f} and {ours['tasks left']:.0f}; ", end="")
    print(f"open files: {ours['files']:.0f} and {ours['files left']:.0f}.\n")


def show_rounds(rounds: dict[str, list[dict[str, float]]]) -> None:
    shown = {name: [{key: one * 1e3 for key, one in each.items()} for each in own] for name, own in rounds.items()}
    compare(shown, ROUND, head="a broadcast to all")


# -- a restart --------------------------------------------------------------------------------------------------------


def storm(folder: Path, length: argparse.Namespace) -> None:
    """All phones come back at once after a restart, each to what it has missed."""
    count, file = length.phones, town(folder)
    with serving(file) as first:
        port = int(first.url.rpartition(":")[2])
        people = tokens(folder, count)
        with crowd(first.url, people) as phones:
            opened(phones, count)
            check(phones.arrived(publish(first)["seq"], count), count)
            first.process.kill()
            first.process.wait()
            with serving(file, port=port) as second:
                missed = [publish(second)["seq"] for _ in range(3)]
                time.sleep(1.0)
                before, began = state(second)["cpu"], time.monotonic()
                result = opened(phones, count, at_once=count, tries=5)
                at = phones.arrived(missed[-1], count)["at"]
                cpu = state(second)["cpu"] - before
    took = sorted(moment - began for moment in at)
    if len(took) != count:
        raise RuntimeError(f"{len(took)} of {count} phones caught up")
    print(f"## {count:,} phones come back at the same moment, three broadcasts behind\n")
    rows = [[f"{took[count // 2]:.1f}", f"{took[count * 99 // 100]:.1f}", f"{took[-1]:.1f}"]]
    rows[0] += [f"{count / took[-1]:,.0f}", f"{cpu / count * 1e6:,.0f}", str(result["again"])]
    table(["s until half had caught up", "p99", "all", "phones/s", "CPU µs each", "connected a second time"], rows)
    assert result["open"] == count


# -- phones that do not read ------------------------------------------------------------------------------------------


def deaf(folder: Path, length: argparse.Namespace) -> None:
    """Some phones stop reading and get more than fits: what the others and the server notice of it."""
    count, some = length.phones, length.deaf
    with serving(town(folder, stream_timeout=5.0)) as ours, crowd(ours.url, tokens(folder, count)) as phones:
        follow(folder / "data", [f"citizen-{number}" for number in range(some)])
        opened(phones, count)
        quiet = round_of(ours, phones, count)
        phones.turn_deaf(some)
        time.sleep(length.settle)
        before = state(ours)
        for _ in range(FILLING):
            last = publish(ours, size=FILLING_SIZE, topic="deaf")["seq"]
        filled_at = time.monotonic()
        told = publish(ours)
        others = phones.arrived(told["seq"], count - some)["at"]
        most = 0.0
        while (now := state(ours))["streams"] > count - some:
            most = max(most, now["waiting"])
            if time.monotonic() - filled_at > NOTICE_TIMEOUT_S:
                raise RuntimeError(f"{now['streams'] - count + some} phones that do not read are still there")
            time.sleep(0.1)
        cut = now["at"] - filled_at
        time.sleep(length.settle)
        grown = state(ours)["resident"] - before["resident"]
        phones.leave(some)
        back = time.monotonic()
        opened(phones, some)
        caught = phones.arrived(last, some)["at"]
        everyone = phones.arrived(told["seq"], count)
    if len(caught) != some or len(everyone["at"]) != count or everyone["disorder"]:
        raise RuntimeError(f"{len(caught)} of {some} phones caught up; {everyone['disorder']} events out of order")
    p99 = percentile(others, 0.99) - told["began"]
    print(
        f"## {some} of {count:,} phones stop reading, {FILLING} broadcasts of {FILLING_SIZE // 1000} KB come for each\n"
    )
    rows = [
        ["p99 of a broadcast to all, before", f"{quiet['p99'] * 1e3:,.0f} ms"],
        ["p99 of a broadcast to the others, meanwhile", f"{p99 * 1e3:,.0f} ms"],
        ["most bytes that waited for one phone", f"{most / KIB:,.0f} KiB"],
        ["memory that had grown by the end, the broadcasts themselves included", f"{grown / KIB / KIB:.1f} MiB"],
        ["from the last of these until all of them were cut off (stream_timeout 5 s)", f"{cut:.1f} s"],
        ["until they had caught up after coming back", f"{caught[-1] - back:.1f} s"],
    ]
    table(["", "figure"], rows)


def follow(data: Path, people: Sequence[str]) -> None:
    """Let people follow the topic `deaf`."""
    with closing(sqlite3.connect(next(data.glob("*.sqlite3")), timeout=30)) as database, database:
        database.executemany("INSERT INTO push_follow (person, topic) VALUES (?, 'deaf')", [(one,) for one in people])


def main() -> None:
    parts = {"broadcasts": broadcasts, "storm": storm, "deaf": deaf, "most": most}
    phones = {"phones": (10_000, 500), "most": (20_000, 1_000), "broadcasts": (7, 2), "deaf": (100, 10)}
    # Seconds until what has just changed has settled, and for which as many phones as there can be are watched; in
    # full, a whole round of signs of life.
    run_parts(options(__doc__, **phones, settle=(2.0, 0.2), watch=(20.0, 1.0)), parts)


if __name__ == "__main__":
    main()
