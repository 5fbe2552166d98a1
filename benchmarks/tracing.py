"""What traces cost a read and a submission: off, on, and with one request in a hundred traced.

    python benchmarks/tracing.py            # about two minutes
    python benchmarks/tracing.py --short    # a look whether it works at all, as in continuous integration

The peer is the same server without an exporter, in the same run.
"""

from __future__ import annotations

import argparse
import tempfile
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
    load,
    office,
    round_of,
    submission,
)
from processes import Running, alternate, banshi, machine, python, running

#: The peer.
OFF = "no exporter"

#: What the environment says beside the collector's address.
SIDES = {
    "one request in a hundred": {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"},
    "every request": {},
}


def servers(stack: ExitStack, folder: Path, place: Any) -> dict[str, Running]:
    """A server for each side, with data of its own."""
    collector = stack.enter_context(running(python("collector.py"), side=1)).url
    environments: dict[str, dict[str, str]] = {OFF: {}}
    environments |= {name: {"OTEL_EXPORTER_OTLP_ENDPOINT": collector, **more} for name, more in SIDES.items()}
    found = {}
    for name, environment in environments.items():
        command = banshi(place(folder / name.replace(" ", "-")), "serve", "--port", "0")
        found[name] = stack.enter_context(running(command, **environment))
    return found


def reads(folder: Path, length: Length) -> None:
    head = f"GET {ITEM} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{LANGUAGE}"
    with ExitStack() as stack:
        sides = {
            name: lambda server=server: load(server, length, READS, "200", head=head)
            for name, server in servers(stack, folder, city).items()
        }
        results = alternate(length.rounds, sides)
    print(f"## GET {ITEM}, {READS} at once\n")
    compare(results, OFF)


def writes(folder: Path, length: Length) -> None:
    with ExitStack() as stack:
        found = servers(stack, folder, office)
        sides = {
            name: round_of(server, length, submission(folder / name.replace(" ", "-") / "data"), settle=True)
            for name, server in found.items()
        }
        results = alternate(length.rounds, sides)
    print(f"## POST {CASES}, {WRITES} at once, the engine beside it\n")
    compare(results, OFF)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one short round of each")
    length = SHORT if parser.parse_args().short else FULL
    print(f"# Traces\n\n{machine()}\n")
    with tempfile.TemporaryDirectory(prefix="banshi-tracing-") as name:
        reads(Path(name) / "reads", length)
        writes(Path(name) / "writes", length)


if __name__ == "__main__":
    main()
