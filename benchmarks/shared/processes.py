"""Processes that a benchmark starts: each pinned to a core, waited for until it is ready, and stopped by its id."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent

#: Seconds that a process may take to say that it is ready, and to end once it is asked to.
START_S, STOP_S = 90.0, 30.0


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


def placed(side: int | None, environment: dict[str, str]) -> dict[str, Any]:
    """How a process is started: here, pinned, and with its errors thrown away where nobody has asked for them."""
    errors = None if os.environ.get("BENCHMARK_ERRORS") else subprocess.DEVNULL
    whole = {**os.environ, **environment}
    return {"cwd": ROOT, "env": whole, "preexec_fn": pin(side), "stderr": errors, "text": True}


class Running:
    """A process that has said that it is ready."""

    def __init__(self, process: subprocess.Popen[str] | None, said: str) -> None:
        self.process, self.said = process, said

    @property
    def url(self) -> str:
        """The address in what it said."""
        found = re.search(r"https?://[\w.:\[\]]+", self.said)
        if found is None:
            raise RuntimeError(f"there is no address in {self.said!r}")
        return found[0]

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def cpu(self) -> float:
        """Seconds of processor time that all its threads have used; 0 where the system doesn't tell."""
        return cpu_of(Path(f"/proc/{self.pid}"))[0]

    def memory(self, what: str = "VmRSS") -> float:
        """MiB that it has (VmRSS), or has had at most (VmHWM)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024

    def ask(self, line: str) -> str:
        """Write a line to its standard input; the line that it answers. Raises RuntimeError where it has ended."""
        self.tell(line)
        return self.listen()

    def tell(self, line: str) -> None:
        """Write a line to its standard input; `listen` has what it answers."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def listen(self) -> str:
        """Its next line. Raises RuntimeError where none comes."""
        assert self.process is not None
        assert self.process.stdout is not None
        there, _, _ = select.select([self.process.stdout], [], [], START_S)
        said = self.process.stdout.readline() if there else ""
        if not said:
            command = " ".join(map(str, self.process.args))  # type: ignore[arg-type]
            raise RuntimeError(f"{command} says nothing; run this with BENCHMARK_ERRORS=1 to see why")
        return said


@contextmanager
def running(
    command: Sequence[str],
    *,
    side: int | None = 0,
    told: str | None = None,
    errors: Path | None = None,
    **environment: str,
) -> Iterator[Running]:
    """Start `command`, wait for its first line, and end it by its id when the block ends.

    What is `told` is the first line of its standard input, at whose end it ends by itself. Its standard error is thrown
    away, as a log that goes into /dev/null, where no file is named. Raises RuntimeError where it ends early.
    """
    how = placed(side, environment) | {"stdin": None if told is None else subprocess.PIPE}
    with errors.open("w") if errors else nullcontext(how["stderr"]) as how["stderr"]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, **how)
    try:
        one = Running(process, "")
        one.said = one.listen() if told is None else one.ask(told)
        yield one
    finally:
        if process.stdin is None:
            ended(process)
        else:
            process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
            ended(process)
        assert process.stdout is not None
        process.stdout.close()


def ended(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
    """Ask the process to end, and end it where it doesn't; its status."""
    process.send_signal(number)
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(STOP_S)


def finished(command: Sequence[str], *, side: int | None, seconds: float, given: Any = None, **environment: str) -> Any:
    """Run `command` to its end with `given` as JSON on its standard input; the JSON that it printed."""
    how = placed(side, environment)
    done = subprocess.run(command, input=json.dumps(given), stdout=subprocess.PIPE, timeout=seconds, check=True, **how)
    return json.loads(done.stdout)


def python(script: str, *arguments: str) -> list[str]:
    """The command that runs a script of this folder with this interpreter."""
    return [sys.executable, str(HERE / script), *arguments]


def banshi(config: Path, *arguments: str, command: str | None = None) -> list[str]:
    """The command line `banshi`, of the environment that this runs in if no other is named."""
    return [command or str(Path(sys.executable).with_name("banshi")), "--config", str(config), *arguments]


def serving(
    config: Path, *, command: str | None = None, port: int = 0, side: int | None = 0, **environment: str
) -> AbstractContextManager[Running]:
    """`banshi serve` on the measured core, or the other `side`, until the block ends."""
    return running(banshi(config, "serve", "--port", str(port), command=command), side=side, **environment)


def banshi_done(config: Path, *arguments: str) -> str:
    """Run a command of `banshi` to its end; what it says. Raises RuntimeError where it doesn't succeed."""
    done = subprocess.run(banshi(config, *arguments), capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"banshi {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


class Used(NamedTuple):
    """What a command took: seconds, seconds of processor time, and MiB at most."""

    seconds: float
    cpu: float
    memory: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.cpu:.1f} s of processor time, {self.memory:.0f} MiB at most"


def used_by(command: Sequence[str], *, side: int | None = None, **environment: str) -> Used:
    """Run a command to its end. Raises CalledProcessError where it fails."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, **placed(side, environment))
    # By hand: only wait4 tells the memory and the time of this one process.
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Used(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def cpu_of(process: Path) -> tuple[float, int]:
    """Seconds of processor time of a process in /proc, and its parent; zeros where the system doesn't tell."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(fields[1])


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder for what a benchmark writes, in BENCHMARK_FOLDER where that is set; it goes with the block."""
    with tempfile.TemporaryDirectory(prefix="banshi-benchmark-", dir=os.environ.get("BENCHMARK_FOLDER")) as name:
        yield Path(name)
