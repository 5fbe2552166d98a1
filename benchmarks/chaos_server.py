"""The server that is killed, and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
from processes import ROOT, banshi

#: Seconds that a start may take, and that the stop may take.
START, STOP = 90.0, 30.0


class Server:
    """`banshi serve` or `banshi worker`, started, killed and started again on the same port and folder."""

    def __init__(
        self,
        config: Path,
        port: int,
        log: Path,
        *,
        command: Sequence[str] = ("serve",),
        program: Sequence[str] = (),
        **environment: str,
    ) -> None:
        self._command = [*(program or banshi(config)), *command, "--port", str(port)]
        self._environment = {**os.environ, **environment}
        self.url = f"http://127.0.0.1:{port}"
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=log, env=self._environment
            )

    @property
    def process(self) -> int:
        """The id of the process that runs."""
        assert self._process is not None
        return self._process.pid

    async def ready(self, session: aiohttp.ClientSession) -> None:
        """Wait until it answers. Raises RuntimeError where it ends by itself."""
        assert self._process is not None
        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            if (status := self._process.poll()) is not None:
                raise RuntimeError(f"banshi ended with status {status}:\n{self._log.read_text()[-3000:]}")
            with contextlib.suppress(aiohttp.ClientError, OSError):
                async with session.get(f"{self.url}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.02)
        raise RuntimeError(f"banshi is not ready after {START:g} s:\n{self._log.read_text()[-3000:]}")

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def end(self, number: int) -> int:
        """Send a signal, and wait for the end; its status."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        try:
            return process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(STOP)
