"""Commands of `banshi`, each in a process of its own that has imported everything before it begins.

Importing the platform takes longer than most commands and than a server's start, and the tests begin several hundred of
both: a process that has done that once is forked for each. What is about the console script, about a start from the
disk or about other code than the tests' own is started from the disk.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO, Any

from banshi.default_plugins import DEFAULT_PLUGINS
from banshi.ops.cli import COMMANDS, main

#: Seconds until a command is given up.
TIMEOUT_S = 120.0

FORKED = get_context("forkserver")
FORKED.set_forkserver_preload(
    [
        *(*COMMANDS.values(), *DEFAULT_PLUGINS),
        *("tortoise.backends.asyncpg", "uvloop", __name__, "tests.processes.forked_children", "tests.processes.warmed"),
    ]
)


@dataclass
class Process:
    """A command that has begun, with the ways of `subprocess.Popen`; on a loop one waits for `ended`."""

    forked: BaseProcess
    #: What it prints, unless that goes to a file.
    stdout: IO[str] | None

    @property
    def pid(self) -> int:
        assert self.forked.pid is not None
        return self.forked.pid

    @property
    def returncode(self) -> int | None:
        return self.forked.exitcode

    def send_signal(self, number: int) -> None:
        # Who has just ended is not known to have yet: its parent is another process.
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, seconds: float = TIMEOUT_S) -> int:
        self.forked.join(seconds)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("banshi", seconds)
        return self.returncode

    async def ended(self, seconds: float = TIMEOUT_S) -> int:
        return await asyncio.to_thread(self.wait, seconds)

    def close(self) -> None:
        """Kill it where it is still there."""
        self.kill()
        self.wait()
        if self.stdout is not None:
            self.stdout.close()


def begin(
    folder: Path,
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    stdout: IO[Any] | None = None,
    stderr: IO[Any] | None = None,
    before: Callable[[], object] | None = None,
) -> Process:
    """`banshi` with these arguments in `folder`. What it prints is on a pipe, and its log nowhere, unless a file is
    named.

    `environment` is whole, in place of the tests' own. `before` is called in the process itself, ahead of the command.
    """
    read = None
    if stdout is None:
        reading, writing = os.pipe()
        read = os.fdopen(reading, encoding="utf-8")
    else:
        writing = os.dup(stdout.fileno())
    errors = os.open(os.devnull, os.O_WRONLY) if stderr is None else os.dup(stderr.fileno())
    told = ["banshi", *map(str, arguments)]
    # Of what is open a forked process is handed connections alone.
    with Connection(writing, readable=False) as out, Connection(errors, readable=False) as err:
        given = (told, folder, dict(environment or os.environ), out, err, before)
        forked = FORKED.Process(target=_begin, args=given, daemon=True)
        forked.start()
    return Process(forked, read)


def run(
    folder: Path, *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command, run to its end."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        process = begin(folder, *arguments, environment=environment, stdout=out, stderr=err)
        try:
            status = process.wait()
        finally:
            process.close()
        for one in (out, err):
            one.seek(0)
        return subprocess.CompletedProcess(["banshi", *map(str, arguments)], status, out.read(), err.read())


def _begin(
    told: list[str],
    folder: Path,
    environment: Mapping[str, str],
    out: Connection,
    err: Connection,
    before: Callable[[], object] | None,
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = told
    # As who starts itself again finds it.
    sys.orig_argv[:] = [sys.executable, str(Path(sys.executable).with_name("banshi")), *told[1:]]
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    sys.pycache_prefix = environment.get("PYTHONPYCACHEPREFIX")
    for pipe, number in ((out, 1), (err, 2)):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1)
    if before is not None:
        before()
    main()
