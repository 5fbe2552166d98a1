"""What traces cost a read and a submission: off, on, and with one request in a hundred traced.

    python benchmarks/tracing.py            # about two minutes
    python benchmarks/tracing.py --short    # a look whether it works at all, as in continuous integration

The peer is the same server without an exporter, in the same run. It ends with 1 where a side did not trace what its
name says: nothing came to its collector, or as much of one request in a hundred as of every one.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from api import (
    CASES,
    FULL,
    ITEM,
    LANGUAGE,
    READS,
    SHORT,
    WRITES,
    Length,
    city,
    compare,
    fetched,
    load,
    office,
    round_of,
    submission,
)
from processes import Running, alternate, banshi, machine, python, running

#: The peer, and the sides.
OFF, FEW, EVERY = "no exporter", "one request in a hundred", "every request"

#: What the environment says beside the collector's address.
SIDES: dict[str, dict[str, str]] = {
    FEW: {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"},
    EVERY: {},
}


def measured(folder: Path, place: Any, length: Length, side: Any) -> list[str]:
    """Print what each side's server took, each with data and a collector of its own; what was not traced as it says."""
    with ExitStack() as collecting:
        collectors = {name: collecting.enter_context(running(python("collector.py"), side=1)).url for name in SIDES}
        with ExitStack() as serving:
            sides = {}
            for name in (OFF, *SIDES):
                home = folder / name.replace(" ", "-")
                environment = SIDES.get(name, {})
                if name in collectors:
                    environment = {**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": collectors[name]}
                server = serving.enter_context(running(banshi(place(home), "serve", "--port", "0"), **environment))
                sides[name] = side(server, home)
            results = alternate(length.rounds, sides)
        # By now the servers have ended, and sent their last spans.
        came = {name: int(fetched(url)[0]) for name, url in collectors.items()}
    compare(results, OFF)
    print(f"Bytes that came to the collectors: {', '.join(f'{name} {size:,}' for name, size in came.items())}\n")
    asked = {name: sum(one["all"] for one in rounds) for name, rounds in results.items()}
    return wrong(came, asked)


def wrong(came: dict[str, int], asked: dict[str, int]) -> list[str]:
    """What bytes of spans say against it that each side traced what its name says, after so many requests."""
    found = []
    if not came[EVERY]:
        found.append(f"{EVERY}: nothing came to its collector; is the extra `tracing` installed?")
    elif came[FEW] >= came[EVERY]:
        found.append(f"{FEW}: as much came to its collector as of {EVERY}")
    # After fewer, none of them may have been drawn.
    if not came[FEW] and asked[FEW] >= 2000:
        found.append(f"{FEW}: of {asked[FEW]:,} requests nothing came to its collector")
    return found


def reads(folder: Path, length: Length) -> list[str]:
    print(f"## GET {ITEM}, {READS} at once\n")
    head = f"GET {ITEM} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}"

    def side(server: Running, _: Path) -> Callable[[], Any]:
        return lambda: load(server, length, READS, "200", head=head)

    return measured(folder, city, length, side)


def writes(folder: Path, length: Length) -> list[str]:
    print(f"## POST {CASES}, {WRITES} at once, the engine beside it\n")

    def side(server: Running, home: Path) -> Callable[[], Any]:
        return round_of(server, length, submission(home / "data"), settle=True)

    return measured(folder, office, length, side)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one short round of each")
    length = SHORT if parser.parse_args().short else FULL
    print(f"# Traces\n\n{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="banshi-tracing-") as name:
        found = [*reads(Path(name) / "reads", length), *writes(Path(name) / "writes", length)]
    for one in found:
        print(f"WRONG: {one}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
