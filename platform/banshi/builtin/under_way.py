"""Works that were begun one by one and go on beside each other, until each of them has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from banshi.foundation.logs import place_of


class UnderWay(set[asyncio.Task[None]]):
    """Those of one worker: `failed` logs what one ended by, and `wake` is set as each ends, for there is room again."""

    def __init__(self, wake: asyncio.Event, failed: Callable[..., object]) -> None:
        super().__init__()
        self._wake, self._failed = wake, failed

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let it go."""
        task = asyncio.create_task(work)
        self.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error=type(error).__name__, where=place_of(error))
        self._wake.set()

    async def drain(self, seconds: float | None = None) -> None:
        """Wait until all have ended; who hasn't after so many seconds, or once nobody waits here, is cancelled."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*self, return_exceptions=True)
