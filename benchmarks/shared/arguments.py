"""The command line of a benchmark: how much it does in full and with `--short`, and what it was measured on."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.shared.processes import cores, workspace

PINNED = "the measured side on one core, what measures it on another" if cores() else "not pinned"


def options(doc: str | None, **lengths: tuple[Any, Any]) -> argparse.ArgumentParser:
    """A parser with `--short`, and an option for each of the lengths: a name with what it is in full and in short."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a look whether it works at all")
    for name, (full, short) in lengths.items():
        kind, words = type(full), f"{full}; {short} with --short"
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="N", help=words)
    parser.set_defaults(lengths=lengths)
    return parser


def lengths_of(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """What was given, with the lengths that weren't."""
    given = parser.parse_args()
    for name, both in given.lengths.items():
        if getattr(given, name) is None:
            setattr(given, name, both[given.short])
    return given


def begun(parser: argparse.ArgumentParser, pinned: str = PINNED) -> argparse.Namespace:
    """What was given; prints what the figures are measured on."""
    given = lengths_of(parser)
    print(f"{machine(pinned)}\n", flush=True)
    if given.short:
        print("The short form looks whether everything works; its figures say little.\n", flush=True)
    return given


def run_parts(
    parser: argparse.ArgumentParser, parts: Mapping[str, Callable[[Path, argparse.Namespace], bool | None]]
) -> int:
    """Do the parts that are asked for, or all of them, each in a folder of its own.

    A part that says False has missed something; the status to end with is 1 then.
    """
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(parts)}")
    given, status = begun(parser), 0
    for name in given.parts or parts:
        with workspace() as folder:
            status |= parts[name](folder, given) is False
    return status


def machine(pinned: str = PINNED) -> str:
    """What the figures are measured on."""
    model = "unknown processor"
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{model}, {os.cpu_count()} cores ({pinned}), Python {sys.version.split()[0]}"
