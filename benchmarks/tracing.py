"""What traces cost a read and a submission: off, on, and with one request in a hundred traced.

    python benchmarks/tracing.py            # about two minutes
    python benchmarks/tracing.py --short    # a look whether it works at all, as in continuous integration

The peer is the same server without an exporter, in the same run. It ends with 1 where a side did not trace what its
name says: nothing came to its collector, or as much of one request in a hundred as of every one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.shared.api_load import CASES, ITEM, LENGTHS, READS, WRITES, columns, reads_of, submission, writes_of
from benchmarks.shared.arguments import begun, options
from benchmarks.shared.cities import city, office
from benchmarks.shared.fetching import fetched
from benchmarks.shared.figures import alternate, compare, told_wrong
from benchmarks.shared.processes import Running, python, running, serving, workspace

#: The peer, and the sides.
OFF, FEW, EVERY = "no exporter", "one request in a hundred", "every request"

#: What the environment says beside the collector's address.
SIDES: dict[str, dict[str, str]] = {
    FEW: {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"},
    EVERY: {},
}


def measured(
    title: str,
    folder: Path,
    given: argparse.Namespace,
    place: Callable[[Path], Path],
    side: Callable[[Running, Path], Callable[[], Any]],
) -> list[str]:
    """Print what each side's server took, each with data and a collector of its own; what was not traced as it says."""
    print(f"## {title}\n")
    with ExitStack() as collecting:
        collectors = {
            name: collecting.enter_context(running(python("peers/collector.py"), side=1)).url for name in SIDES
        }
        with ExitStack() as started:
            sides = {}
            for name in (OFF, *SIDES):
                home = folder / name.replace(" ", "-")
                environment = SIDES.get(name, {})
                if name in collectors:
                    environment = {**environment, "OTEL_EXPORTER_OTLP_ENDPOINT": collectors[name]}
                sides[name] = side(started.enter_context(serving(place(home), **environment)), home)
            results = alternate(given.rounds, sides)
        # By now the servers have ended, and sent their last spans.
        came = {name: int(fetched(url)[0]) for name, url in collectors.items()}
    compare(results, columns(OFF))
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


def main() -> int:
    given = begun(options(__doc__, **LENGTHS))

    def writes(server: Running, home: Path) -> Callable[[], Any]:
        return writes_of(server, given, submission(home / "data"), settle=True)

    with workspace() as folder:
        reading, writing = f"GET {ITEM}, {READS} at once", f"POST {CASES}, {WRITES} at once, the engine beside it"
        found = measured(reading, folder / "reads", given, city, lambda server, _: reads_of(server, given))
        found += measured(writing, folder / "writes", given, office, writes)
    return 0 if told_wrong(found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
