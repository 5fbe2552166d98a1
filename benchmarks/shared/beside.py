"""What goes on beside what is measured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def beside(*works: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Let these go on until the block ends. Raises what one of them has ended by."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for came in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(came, Exception):
                raise came
