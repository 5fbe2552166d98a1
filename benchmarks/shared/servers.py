"""The server that is killed, and started again."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

import aiohttp

from benchmarks.shared.processes import START_S, Running, banshi, ended, placed
from tests.servers.ports import free_port


class Server(Running):
    """`banshi serve` or `banshi worker`, started, killed and started again on the same port and folder."""

    def __init__(
        self,
        config: Path,
        log: Path,
        *,
        command: Sequence[str] = ("serve",),
        program: Sequence[str] = (),
        **environment: str,
    ) -> None:
        self.port = free_port()
        super().__init__(None, f"http://127.0.0.1:{self.port}")
        self.answers_people = command[0] == "serve"
        self._command = [*(program or banshi(config)), *command, "--port", str(self.port)]
        self._environment, self._log = environment, log

    @asynccontextmanager
    async def up(self, session: aiohttp.ClientSession) -> AsyncIterator[Self]:
        """Started and ready; asked to end with the block."""
        try:
            self.start()
            await self.ready(session)
            yield self
        finally:
            await asyncio.to_thread(self.end)

    def start(self) -> None:
        with self._log.open("ab") as log:
            how = placed(None, self._environment) | {"stdout": subprocess.DEVNULL, "stderr": log}
            self.process = subprocess.Popen(self._command, **how)

    async def ready(self, session: aiohttp.ClientSession) -> None:
        """Wait until it answers. Raises RuntimeError where it ends by itself."""
        assert self.process is not None
        deadline, why = time.monotonic() + START_S, f"is not ready after {START_S:g} s"
        while time.monotonic() < deadline:
            if (status := self.process.poll()) is not None:
                why = f"ended with status {status}"
                break
            with suppress(aiohttp.ClientError, OSError):
                async with session.get(f"{self.url}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.02)
        raise RuntimeError(f"banshi {why}:\n{self._log.read_text()[-3000:]}")

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and wait for the end; its status."""
        process, self.process = self.process, None
        return 0 if process is None else ended(process, number)
