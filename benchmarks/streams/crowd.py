"""Many phones on a server's stream, in a process on the measuring core: `streams/phones.py`, from the outside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from benchmarks.shared.processes import Running, python, running


class Crowd:
    """So many phones, numbered from 0, each with its token. All are off until they are connected."""

    def __init__(self, process: Running) -> None:
        self._process = process

    def connect(self, count: int, *, first: int = 0, at_once: int = 500, tries: int = 1) -> dict[str, Any]:
        """Open streams, so many at once; the last id that a phone got is where it goes on.

        Gives `seconds`, `statuses`, `failures`, how often a phone tried `again` (2 s later), and `open`.
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

    def _do(self, command: str, **values: Any) -> Any:
        return json.loads(self._process.ask(json.dumps({"do": command, **values})))


@contextmanager
def crowd(url: str, tokens: Sequence[str]) -> Iterator[Crowd]:
    """A process with a phone for each token, on the measuring core, that ends with the block."""
    where = urlsplit(url)
    plan = {"host": where.hostname, "port": where.port, "tokens": list(tokens)}
    with running(python("streams/phones.py"), side=1, told=json.dumps(plan)) as process:
        yield Crowd(process)
