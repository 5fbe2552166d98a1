"""Many phones on a server's stream, in a process on the measuring core: `peers/phones.py`, from the outside."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from processes import ROOT, pin, python, stop


class Crowd:
    """So many phones, numbered from 0, each with its token. All are off until they are connected."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def connect(self, count: int, *, first: int = 0, at_once: int = 500, tries: int = 1) -> dict[str, Any]:
        """Open streams, so many at once; the last id that a phone got is where it goes on.

        Gives `seconds`, `took` (each phone's second of being open), `statuses`, `failures`, how often a phone tried
        `again` (2 s later), and `open`.
        """
        return self._do("connect", first=first, count=count, at_once=at_once, tries=tries)

    def arrived(self, common: int, count: int, *, seconds: float = 60.0) -> dict[str, Any]:
        """Wait until the broadcast with that number in the common log has reached `count` phones.

        Gives `at`: the moments on the monotonic clock (`time.monotonic()` of any process), sorted; how often a phone
        got an id that does not lie behind its last one (`disorder`); and how many streams the server `cut`.
        """
        return self._do("arrived", common=common, count=count, seconds=seconds)

    def leave(self, count: int, *, first: int = 0) -> None:
        """Close streams without a word."""
        self._do("leave", first=first, count=count)

    def turn_deaf(self, count: int, *, first: int = 0) -> None:
        """Let phones keep their streams and read nothing."""
        self._do("turn_deaf", first=first, count=count)

    def hear(self, count: int, *, first: int = 0) -> None:
        """Let them read again."""
        self._do("hear", first=first, count=count)

    def _do(self, command: str, **values: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, **values}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the phones' process has ended; run this with BENCHMARK_ERRORS=1 to see why")
        return json.loads(answer)


@contextmanager
def crowd(url: str, tokens: Sequence[str]) -> Iterator[Crowd]:
    """A process with a phone for each token, on the measuring core, that ends with the block."""
    where = urlsplit(url)
    process = subprocess.Popen(
        python("peers/phones.py"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("BENCHMARK_ERRORS") else subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        preexec_fn=pin(1),
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        plan = {"host": where.hostname, "port": where.port, "tokens": list(tokens)}
        process.stdin.write(json.dumps(plan) + "\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the phones did not start; run this with BENCHMARK_ERRORS=1 to see why")
        yield Crowd(process)
    finally:
        stop(process)
        if process.stdin is not None:
            process.stdin.close()
