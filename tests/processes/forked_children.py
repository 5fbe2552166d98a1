"""Children of isolated plugins (`banshi.builtin.isolation`), forked from the process that has imported everything.

Each that is begun from the disk imports the kernel for a second, and the tests begin a hundred. What it does from there
on, its fence and its line to the platform, is the same. What is about its beginning takes the fixture `from_disk`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from banshi.builtin.isolation import process
from banshi.builtin.isolation.child import main
from tests.processes.commands import FORKED

FROM_DISK = {"begin": process.begin}


class Forked:
    """With the ways of `asyncio.subprocess.Process`."""

    def __init__(self, descriptor: int) -> None:
        with Connection(os.dup(descriptor)) as line:
            given = line, process.begun_as(descriptor)["env"]
            self._process: BaseProcess = FORKED.Process(target=_be_a_child, args=given, daemon=True)
            self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int | None:
        await asyncio.to_thread(self._process.join)
        return self.returncode


async def begin(descriptor: int) -> Any:
    return Forked(descriptor)


def _be_a_child(line: Connection, environment: Mapping[str, str]) -> None:
    os.chdir("/")
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    main(line.fileno(), os.getppid())


def fork_children() -> None:
    process.begin = begin
