"""`banshi` that counts: statements and processor time by what its tasks are for.

    python probed.py FILE --config plugins.toml serve

At SIGUSR2 what was counted since the start stands in FILE, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from pathlib import Path
from typing import Any

#: What the present task is for: its own name, or that of the task which began it.
LABEL: ContextVar[str] = ContextVar("label", default="the start")

#: Statements, steps of tasks, and their seconds of processor time, by label.
STATEMENTS: Counter[str] = Counter()
STEPS: Counter[str] = Counter()
SECONDS: Counter[str] = Counter()

#: Whom a write that waits for the store's writer is for, by its identity; and, in a thread, the label of its work.
WRITERS: dict[int, str] = {}
HERE = threading.local()


class Timed(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are counted."""

    def __init__(self, inner: Coroutine[Any, Any, Any]) -> None:
        self._inner, self._label = inner, ""

    def send(self, value: Any) -> Any:
        return self._counted(self._inner.send, value)

    def throw(self, *error: Any) -> Any:
        return self._counted(self._inner.throw, *error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Any:
        return self._inner.__await__()

    def _counted(self, step: Callable[..., Any], *given: Any) -> Any:
        if not self._label:
            self._label = self._named()
            LABEL.set(self._label)
        begun = time.thread_time()
        try:
            return step(*given)
        finally:
            STEPS[self._label] += 1
            SECONDS[self._label] += time.thread_time() - begun

    def _named(self) -> str:
        task = asyncio.current_task()
        if task is None or task.get_name().startswith("Task-"):
            return LABEL.get()
        frame = getattr(self._inner, "cr_frame", None)
        work = frame.f_locals.get("work") if frame else None
        while hasattr(work, "func"):  # functools.partial
            inner = [one for one in work.args if callable(one)]
            work = inner[0] if inner else work.func
        return f"{task.get_name()} {getattr(work, '__qualname__', '')}".strip()


def counted_tasks() -> None:
    """Have each task's steps counted, from the first that is made."""
    plain = asyncio.create_task

    def made(loop: Any, work: Any, **how: Any) -> Any:
        return asyncio.Task(Timed(work) if asyncio.iscoroutine(work) else work, loop=loop, **how)

    def create_task(*given: Any, **named: Any) -> Any:
        loop = asyncio.get_running_loop()
        if loop.get_task_factory() is None:
            loop.set_task_factory(made)
        return plain(*given, **named)

    asyncio.create_task = create_task


def label_now() -> str:
    """What the statement is for that is sent now; of the store's writer, who has promised it."""
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "_transaction":
        frame = frame.f_back  # type: ignore[assignment]
    writes = frame.f_locals.get("writes", ()) if frame is not None else ()
    return next((WRITERS[id(one)] for one in writes if id(one) in WRITERS), "") or LABEL.get()


def counted_statements() -> None:
    """Have each statement counted that goes to a database, its BEGIN and COMMIT too."""
    import sqlite3

    import aiosqlite

    from banshi.foundation.database.store import Store

    commit, connect, turn = Store.commit, sqlite3.connect, aiosqlite.Connection._execute

    async def promised(store: Any, write: Any, **how: Any) -> None:
        WRITERS[id(write)] = LABEL.get()
        try:
            await commit(store, write, **how)
        finally:
            del WRITERS[id(write)]

    def connected(*given: Any, **named: Any) -> Any:
        made = connect(*given, **named)
        made.set_trace_callback(lambda _: STATEMENTS.update([getattr(HERE, "label", "the start")]))
        return made

    async def in_turn(connection: Any, work: Callable[..., Any], *given: Any, **named: Any) -> Any:
        label = label_now()

        def labelled() -> Any:
            HERE.label = label
            return work(*given, **named)

        return await turn(connection, labelled)

    Store.commit, sqlite3.connect, aiosqlite.Connection._execute = promised, connected, in_turn
    try:
        from asyncpg.protocol import Protocol
    except ImportError:
        return
    for name in ("query", "bind_execute", "bind_execute_many"):
        setattr(Protocol, name, _counting(getattr(Protocol, name)))


def _counting(plain: Callable[..., Any]) -> Callable[..., Any]:
    def asked(*given: Any, **named: Any) -> Any:
        STATEMENTS[label_now()] += 1
        return plain(*given, **named)

    return asked


def tell(file: Path) -> None:
    told = {
        "cpu": time.process_time(),
        "at": time.monotonic(),
        "statements": STATEMENTS,
        "steps": STEPS,
        "seconds": SECONDS,
    }
    file.with_suffix(".new").write_text(json.dumps(told))
    file.with_suffix(".new").replace(file)


if __name__ == "__main__":
    place = Path(sys.argv.pop(1))
    # What stands beside this script is no module of theirs.
    sys.path[:] = [one for one in sys.path if one != os.fspath(Path(__file__).parent)]
    counted_tasks()
    counted_statements()
    signal.signal(signal.SIGUSR2, lambda *_: tell(place))
    from banshi.ops.cli import main

    main()
