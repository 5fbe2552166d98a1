"""Processes that a benchmark starts: each pinned to a core, waited for until it is ready, and stopped by its id."""

from __future__ import annotations

import json
import os
import re
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

#: Seconds that a process may take to say that it is ready, and to end once it is asked to.
START, STOP = 30.0, 15.0


def cores() -> tuple[int, int] | None:
    """The core for what is measured and the core for what measures it; None where there are no two."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else None


def pin(side: int | None) -> Callable[[], None] | None:
    """What a new process runs first: it moves to the core of its side; 0 is measured, 1 measures, None stays free."""
    both = cores()
    if both is None or side is None:
        return None
    core = both[side]
    return lambda: os.sched_setaffinity(0, {core})


@dataclass(frozen=True, slots=True)
class Running:
    """A process that has said that it is ready."""

    process: subprocess.Popen[str]
    #: What it said.
    said: str

    @property
    def url(self) -> str:
        """The address in what it said."""
        found = re.search(r"https?://[\w.:\[\]]+", self.said)
        if found is None:
            raise RuntimeError(f"there is no address in {self.said!r}")
        return found[0]

    def cpu(self) -> float:
        """Seconds of processor time that all its threads have used; 0 where the system doesn't tell."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(command: Sequence[str], *, side: int | None = 0, **environment: str) -> Iterator[Running]:
    """Start `command`, wait for its first line, and end it by its id when the block ends.

    Its standard error is thrown away, as a log that goes into /dev/null. Raises RuntimeError where it ends early.
    """
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("BENCHMARK_ERRORS") else subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        preexec_fn=pin(side),
    )
    try:
        assert process.stdout is not None
        there, _, _ = select.select([process.stdout], [], [], START)
        said = process.stdout.readline() if there else ""
        if not said:
            advice = "run this with BENCHMARK_ERRORS=1 to see why"
            raise RuntimeError(f"{' '.join(command)} did not start; {advice}")
        yield Running(process, said)
    finally:
        stop(process)


def stop(process: subprocess.Popen[str]) -> None:
    """Ask the process to end, and end it where it doesn't."""
    process.terminate()
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP)
    if process.stdout is not None:
        process.stdout.close()


def python(script: str, *arguments: str) -> list[str]:
    """The command that runs a script of this folder with this interpreter."""
    return [sys.executable, str(HERE / script), *arguments]


def banshi(config: Path, *arguments: str, command: str | None = None) -> list[str]:
    """The command line `banshi`, of the environment that this runs in if no other is named."""
    return [command or str(Path(sys.executable).with_name("banshi")), "--config", str(config), *arguments]


def finished(command: Sequence[str], *, side: int | None, seconds: float, given: Any = None, **environment: str) -> Any:
    """Run `command` to its end with `given` as JSON on its standard input; the JSON that it printed."""
    done = subprocess.run(
        command,
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("BENCHMARK_ERRORS") else subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=seconds,
        preexec_fn=pin(side),
        check=True,
    )
    return json.loads(done.stdout)


def alternate(rounds: int, sides: Mapping[str, Callable[[], Any]]) -> dict[str, list[Any]]:
    """What each side gave in each round, A B A B: noise that comes and goes meets all of them alike."""
    results: dict[str, list[Any]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            results[name].append(side())
            time.sleep(0.2)
    return results


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"| {' | '.join(head)} |")
    print(f"| {' | '.join(['---'] + ['---:'] * (len(head) - 1))} |")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def machine() -> str:
    """What the figures were measured on."""
    model = "unknown processor"
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    pinned = "the measured side on one core, what measures it on another" if cores() else "not pinned"
    return f"{model}, {os.cpu_count()} cores ({pinned}), Python {sys.version.split()[0]}"
