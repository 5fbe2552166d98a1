"""Calling a department's code without letting its failure out.

Whatever a handler does (raise, exit, hang, return the wrong thing) becomes a problem of that one request, under the
department's name and without its stack. A plugin that fails again and again is left alone for a while, so that its
callers get an answer at once and it gets air to recover.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import structlog

from banshi.foundation.database.failover.fates import is_outage, problem_of
from banshi.foundation.errors import DepartmentFailed, DepartmentTimedOut, DepartmentUnavailable, Failure, Problem
from banshi.kernel.contract.values import Item, Submission, Texts
from banshi.kernel.runtime.mistakes import Mistake, RaisedElsewhere, failure_of, wrong_answer

if TYPE_CHECKING:
    from banshi.kernel.runtime.running import Platform

T = TypeVar("T")
P = TypeVar("P", bound=Problem)

log = structlog.get_logger("banshi.containment")


@dataclass(slots=True)
class Breaker:
    """Counts the people on whom a plugin failed in a row, and stays open for a while once there were too many.

    People rather than calls: what one of them sends can make a handler fail as often as they like, and must not close
    the department to everybody else.
    """

    limit: int
    pause: float
    failed_on: set[str] = field(default_factory=set)
    opened_at: float | None = None

    def remaining(self) -> float:
        """Seconds until the plugin is tried again; 0 when it may be called now."""
        if self.opened_at is None:
            return 0.0
        return max(0.0, self.opened_at + self.pause - time.monotonic())

    def admit(self) -> float:
        """0 for a call that may go ahead, otherwise the seconds to wait. After a pause one call tries for all."""
        wait = self.remaining()
        if not wait and self.opened_at is not None:
            self.opened_at = time.monotonic()
        return wait

    def record(self, person: str, *, failed: bool) -> None:
        if not failed:
            self.failed_on.clear()
            self.opened_at = None
            return
        self.failed_on.add(person)
        if len(self.failed_on) >= self.limit:
            self.opened_at = time.monotonic()


class Breakers:
    """One breaker per plugin and question: where reviews fail, submissions are still checked, taken and kept."""

    def __init__(self, limit: int, pause: float) -> None:
        self._breakers: defaultdict[tuple[str, str], Breaker] = defaultdict(lambda: Breaker(limit, pause))

    def of(self, plugin: str, question: str) -> Breaker:
        return self._breakers[plugin, question]

    def open_plugins(self) -> list[str]:
        return sorted({plugin for (plugin, _), breaker in self._breakers.items() if breaker.remaining()})


async def ask(
    platform: Platform,
    item: Item,
    question: Callable[[Submission], Awaitable[Any]],
    submission: Submission,
    *,
    expect: type[T] | tuple[type[T], ...],
) -> T:
    """`await question(submission)`, which has to give an `expect`.

    A `Problem` that the handler raises on purpose passes through: it is meant for the citizen. Raises DepartmentFailed,
    DepartmentTimedOut or DepartmentUnavailable for everything else that goes wrong.
    """
    method = getattr(question, "__name__", "")
    return await guarded(
        platform.breakers.of(item.plugin, method),
        submission.person,
        partial(contained, platform.settings.handler_timeout, awaited, question, submission),
        expect=expect,
        plugin=item.plugin,
        about=about(item),
        method=method,
        handler=item.handler,
        development=platform.settings.development,
    )


def about(item: Item) -> dict[str, str]:
    """Whose failure it is, as its problem document and the log say."""
    return {"department": item.department, "item": item.code}


def blamed(
    platform: Platform, item: Item, method: str, error: Exception, detail: Texts | None = None
) -> DepartmentFailed:
    """The problem that stands for what a method of the item's has done, once the log has it."""
    failure = failure_of(
        error,
        plugin=item.plugin,
        item=item.code,
        method=method,
        handler=item.handler,
        development=platform.settings.development,
    )
    return _logged(DepartmentFailed, failure, about(item), error, detail)


async def guarded(
    breaker: Breaker,
    person: str,
    call: Callable[[], Awaitable[tuple[Any, Any]]],
    *,
    expect: type[T] | tuple[type[T], ...],
    plugin: str,
    about: Mapping[str, Any],
    method: str = "",
    handler: Any = None,
    development: bool = False,
) -> T:
    """What a `contained` call gives, unless its breaker is open. Raises as `ask` does, from what was raised there.

    Args:
        about: Members of the problem document: `department`, `item`.
        method: What was called, and `handler` whose method it is, for its author.
        development: `platform.settings.development`: the author is shown the traceback.
    """
    if wait := breaker.admit():
        raise DepartmentUnavailable(headers={"Retry-After": str(int(wait) + 1)}, **about)
    answer, error = await call()
    if error is None and not isinstance(answer, expect):
        error = wrong_answer(method, answer)
    if error is not None and is_outage(error):
        # The platform's own database is away, which is no failure of the department's.
        error = problem_of(error)
    breaker.record(person, failed=error is not None and not isinstance(error, Problem))
    if error is None:
        return cast("T", answer)
    if isinstance(error, Problem):
        raise error
    whose = {"plugin": plugin, "item": str(about.get("item", "")), "method": method}
    failure = failure_of(error, **whose, handler=handler, development=development)
    late = isinstance(error, TimeoutError)
    raise _logged(DepartmentTimedOut if late else DepartmentFailed, failure, about, error) from error


def _logged(
    cls: type[P], failure: Failure, about: Mapping[str, Any], error: BaseException, detail: Texts | None = None
) -> P:
    """The problem that tells of a failure, once the log has it."""
    said = {"mistake": failure.what, "where": failure.where}
    said |= {"traceback": failure.traceback} if failure.traceback else {}
    whose = {**about, "plugin": failure.plugin, "method": failure.method}
    name = error.error if isinstance(error, RaisedElsewhere) else type(error).__name__
    log.error("handler failed", **whose, error=name, **said)
    problem = cls(detail, **{**about, **failure.members()})
    problem.failure = failure
    return problem


async def contained(seconds: float, call: Callable[..., Awaitable[Any]], *arguments: Any) -> tuple[Any, Any]:
    """What a plugin's code answers and what it raises, or a TimeoutError after so many seconds; never an exception."""
    task = asyncio.create_task(_outcome(call, arguments))
    try:
        # Not asyncio.timeout: code that swallows its cancellation would keep the caller waiting for good.
        await asyncio.wait({task}, timeout=seconds)
        return task.result() if task.done() else (None, TimeoutError())
    finally:
        task.cancel()


async def _outcome(call: Callable[..., Awaitable[Any]], arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    """The outcome, caught inside its task: a SystemExit would end the server."""
    try:
        return await call(*arguments), None
    except BaseException as error:
        return None, error


async def awaited(method: Callable[..., Any], *arguments: Any) -> Any:
    """`await method(*arguments)`. Raises Mistake for what is no coroutine, and for one that is handed back."""
    answer = method(*arguments)
    if not inspect.isawaitable(answer):
        raise Mistake(f"is no coroutine: write `async def {getattr(method, '__name__', '')}`")
    answer = await answer
    if inspect.iscoroutine(answer):
        called = answer.__name__
        answer.close()
        raise Mistake(f"returned the coroutine of {called}(): await it")
    return answer
