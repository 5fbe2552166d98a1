"""Calling a department's code without letting its failure out.

Whatever a handler does (raise, exit, hang, return the wrong thing) becomes a problem of that one request, under the
department's name and without its stack. A plugin that fails again and again is left alone for a while, so that its
callers get an answer at once and it gets air to recover.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from banshi.contract import Item
from banshi.errors import DepartmentFailed, DepartmentTimedOut, DepartmentUnavailable, Problem
from banshi.logs import place_of

if TYPE_CHECKING:
    from banshi.runtime import Platform

T = TypeVar("T")

log = structlog.get_logger("banshi.containment")


@dataclass(slots=True)
class Breaker:
    """Counts a plugin's failures in a row, and stays open for a while once there were too many."""

    limit: int
    pause: float
    failures: int = 0
    opened_at: float | None = None

    def remaining(self) -> float:
        """Seconds until the plugin is tried again; 0 when it may be called now."""
        if self.opened_at is None:
            return 0.0
        return max(0.0, self.opened_at + self.pause - time.monotonic())

    def record(self, *, failed: bool) -> None:
        if not failed:
            self.failures, self.opened_at = 0, None
            return
        self.failures += 1
        if self.failures >= self.limit:
            # After the pause one call is let through; its failure lands here again and opens anew.
            self.opened_at = time.monotonic()


class Breakers:
    """One breaker per plugin."""

    def __init__(self, limit: int, pause: float) -> None:
        self._limit = limit
        self._pause = pause
        self._breakers: dict[str, Breaker] = {}

    def of(self, plugin: str) -> Breaker:
        breaker = self._breakers.get(plugin)
        if breaker is None:
            breaker = self._breakers[plugin] = Breaker(self._limit, self._pause)
        return breaker

    def open_plugins(self) -> list[str]:
        return sorted(name for name, breaker in self._breakers.items() if breaker.remaining())


async def ask(
    platform: Platform,
    item: Item,
    question: Callable[..., Awaitable[Any]],
    *arguments: Any,
    expect: type[T] | tuple[type[T], ...],
) -> T:
    """`await question(*arguments)`, which has to give an `expect`.

    A `Problem` that the handler raises on purpose passes through: it is meant for the citizen. Raises DepartmentFailed,
    DepartmentTimedOut or DepartmentUnavailable for everything else that goes wrong.
    """
    breaker = platform.breakers.of(item.plugin)
    about: dict[str, Any] = {"department": item.department, "item": item.code}
    if wait := breaker.remaining():
        raise DepartmentUnavailable(headers={"Retry-After": str(int(wait) + 1)}, **about)
    try:
        async with asyncio.timeout(platform.settings.handler_timeout):
            answer = await question(*arguments)
    except Problem:
        breaker.record(failed=False)
        raise
    except TimeoutError:
        breaker.record(failed=True)
        log.error("handler timed out", plugin=item.plugin, item=item.code, seconds=platform.settings.handler_timeout)
        raise DepartmentTimedOut(**about) from None
    except BaseException as error:  # SystemExit would end the server; only a cancellation of our own goes on
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise
        breaker.record(failed=True)
        log.error("handler failed", plugin=item.plugin, item=item.code, error=type(error).__name__, where=place_of(error))
        raise DepartmentFailed(**about) from None
    if not isinstance(answer, expect):
        breaker.record(failed=True)
        wrong = {"expected": str(expect), "returned": type(answer).__name__}
        log.error("handler returned the wrong type", plugin=item.plugin, item=item.code, **wrong)
        raise DepartmentFailed(**about)
    breaker.record(failed=False)
    return answer

