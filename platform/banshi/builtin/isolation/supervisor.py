"""Sees to it that a plugin has a child: begun anew where it ended, replaced where it grows, left alone where it can't.

One more process waits to be told what it is, so that a killed child is back in a fraction of the second that Python and
the kernel take to import.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from banshi.builtin.isolation.declaring import Declaration
from banshi.builtin.isolation.fence.limits import Used, used_by
from banshi.builtin.isolation.meters import METERS, Meters
from banshi.builtin.isolation.process import ChildBusy, ChildEnded, Process
from banshi.builtin.isolation.protocol.heard import Heard
from banshi.builtin.isolation.protocol.values import Uncrossable, sent
from banshi.foundation.background import working
from banshi.foundation.errors import DepartmentUnavailable, Problem
from banshi.foundation.keys import Key
from banshi.foundation.retry import Retry
from banshi.kernel.contract.values import Item, Submission
from banshi.kernel.loading.configuration import Entry
from banshi.kernel.runtime.mistakes import Mistake, RaisedElsewhere
from banshi.kernel.runtime.running import Platform

log = structlog.get_logger("banshi.isolation")

#: Seconds that a child may take to load its plugin.
START_TIMEOUT_S = 30.0

#: How long until a child that ended begins anew: at once the first time, then longer while it lives for fewer seconds.
RETRY, STEADY_S = Retry(0.2, 30.0), 10.0

#: Seconds between two looks at what it uses; over how many its CPU is counted; the share of its memory from which on it
#: is replaced before it has to be killed.
LOOK_EVERY_S, CPU_WINDOW_S, SOFT_MEMORY_SHARE = 0.5, 10.0, 0.75

#: Seconds after which the next process is begun that waits, so as not to compete with the one that loads.
SPARE_AFTER_S = 0.5


class Spares:
    """One process that is ready to become any plugin's child."""

    def __init__(self) -> None:
        self._next: asyncio.Task[Process] | None = None
        self._later: asyncio.TimerHandle | None = None

    @property
    def ready(self) -> bool:
        """Whether the next one will have imported all that every plugin needs."""
        done = self._next is not None and self._next.done() and not self._next.cancelled()
        return bool(self._next and done and not self._next.exception() and self._next.result().warm)

    async def take(self) -> Process:
        """A process; another one gets ready."""
        loop = asyncio.get_running_loop()
        if self._later is None:
            self._later = loop.call_later(SPARE_AFTER_S, self._prepare)
        ready, self._next = self._next, None
        if ready is not None:
            with suppress(OSError):
                child = await ready
                if not child.ended.done():
                    return child
        return await Process.begun()

    def _prepare(self) -> None:
        self._later = None
        if self._next is None:
            self._next = asyncio.create_task(Process.begun(), name="banshi-isolation-spare")

    async def aclose(self) -> None:
        if self._later is not None:
            self._later.cancel()
        if self._next is not None:
            with suppress(OSError):
                child = await self._next
                child.end("closed")
                await child.gone()


#: What the plugins with a process of their own share; nothing is begun until one asks.
SPARES: Key[Spares] = Key("isolation spares")


@dataclass(slots=True)
class Supervisor:
    """Keeps one plugin's child, in one running platform."""

    name: str
    entry: Entry
    hello: Mapping[str, Any]
    #: What it declared when it was checked: a child that declares something else is another program.
    declared: Declaration
    spares: Spares
    meters: Meters
    timeout: float
    heard: Heard = field(init=False)
    child: Process | None = None
    #: Nobody is tried before then (monotonic), and the seconds until then.
    again_at: float = 0.0
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _leaving: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.heard = Heard(self.name, self.entry.limits.log, self.meters.cut)

    async def call(self, item: str, method: str, arguments: tuple[Any, ...]) -> Any:
        """What the child's handler answers. Raises its problems, DepartmentUnavailable, and whatever fails."""
        begun, outcome = time.perf_counter(), "failed"
        try:
            child = await self.present(arguments)
            answer = await child.call(item, method, sent(arguments), self.timeout)
            outcome = "answered"
            return answer
        except Problem:
            outcome = "problem"
            raise
        except ChildBusy:
            outcome = "busy"
            raise self._away(arguments, 1.0) from None
        except (RaisedElsewhere, Mistake, Uncrossable):
            raise
        except ChildEnded as ended:
            outcome = "ended"
            raise ended.mistake() from ended
        except asyncio.CancelledError:
            outcome = "broken off"
            raise
        finally:
            self.meters.calls.labels(self.name, outcome).inc()
            self.meters.seconds.labels(self.name).observe(time.perf_counter() - begun)

    async def present(self, arguments: tuple[Any, ...] = ()) -> Process:
        """The child that is asked now. Raises DepartmentUnavailable while it is left alone after it has ended."""
        while self.child is None or self.child.ended.done():
            wait = self.again_at - time.monotonic()
            if wait > 0:
                raise self._away(arguments, wait)
            self._came.clear()
            await self._came.wait()
        return self.child

    def _away(self, arguments: tuple[Any, ...], wait: float) -> DepartmentUnavailable:
        about: dict[str, Any] = {}
        first = arguments[0] if arguments else None
        item = first.item if isinstance(first, Submission) else first
        if isinstance(item, Item):
            about = {"department": item.department, "item": item.code}
        return DepartmentUnavailable(headers={"Retry-After": str(int(wait) + 1)}, **about)

    # -- a child's life ------------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Have a child, again and again; at once after the first end, then after longer and longer pauses."""
        ends = 0
        try:
            while True:
                begun = time.monotonic()
                reason = await self._one()
                if reason == "grown":
                    self._retire()
                    continue
                self._ended(reason)
                ends = 1 if time.monotonic() - begun > STEADY_S else ends + 1
                pause = RETRY.pause(ends - 1)
                self.again_at = time.monotonic() + pause
                # Whoever waits for a child is told that there is none for now.
                self._came.set()
                await asyncio.sleep(pause)
        finally:
            if self.child is not None:
                self.child.end("closed")
            for leaving in self._leaving:
                leaving.cancel()
            await asyncio.gather(*self._leaving, return_exceptions=True)

    async def _one(self) -> str:
        """One child's life, if it came to one; why it is over. One that has grown lives on until it is replaced."""
        try:
            child = await self._introduced()
        except (ChildEnded, OSError) as error:
            return str(error) if isinstance(error, ChildEnded) else "start"
        self.child = child
        self._came.set()
        return await self._watch(child)

    def _ended(self, reason: str) -> None:
        self.meters.restarts.labels(self.name, reason).inc()
        say = log.info if reason == "grown" else log.error
        say("a plugin's process is over and begins anew", plugin=self.name, reason=reason)

    async def _introduced(self) -> Process:
        child = await self.spares.take()
        try:
            declared = await child.introduced(self.hello, self.heard, START_TIMEOUT_S)
        except TimeoutError:
            child.end("start")
            raise ChildEnded("start") from None
        except BaseException:
            child.end("closed")
            raise
        if declared.handlers != self.declared.handlers:
            child.end("changed")
            log.error("a plugin has changed since the start: restart the server", plugin=self.name)
            raise ChildEnded("changed")
        return child

    async def _watch(self, child: Process) -> str:
        """Look at what it uses until it ends or has grown."""
        window: list[tuple[float, float]] = []
        while True:
            done, _ = await asyncio.wait({child.ended}, timeout=LOOK_EVERY_S)
            if done:
                return child.ended.result()
            used = used_by(child.pid)
            if used is None:
                continue
            self.meters.memory.labels(self.name).set(used.memory)
            self.meters.threads.labels(self.name).set(used.threads)
            limits, now = self.entry.limits, time.monotonic()
            window = [(at, spent) for at, spent in window if now - at <= CPU_WINDOW_S] + [(now, used.cpu)]
            first_at, first = window[0]
            if reason := self._too_much(used):
                child.end(reason)
            elif now - first_at > CPU_WINDOW_S - 2 * LOOK_EVERY_S and used.cpu - first > limits.cpu * (now - first_at):
                child.end("cpu")
            elif used.memory > SOFT_MEMORY_SHARE * limits.memory:
                return "grown"

    def _too_much(self, used: Used) -> str:
        """Why it is ended at once; nothing while it may go on."""
        limits = self.entry.limits
        return "memory" if used.memory > limits.memory else "threads" if used.threads > limits.threads else ""

    def _retire(self) -> None:
        """Let the present child go on until there is another one and nobody waits for it any more."""
        if self.child is not None:
            leaving = asyncio.create_task(self._leave(self.child))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _leave(self, child: Process) -> None:
        """End a child that has grown; at once where it goes on growing."""
        reason, last = "grown", 0.0
        try:
            while not child.ended.done():
                used = used_by(child.pid)
                if used is not None and (much := self._too_much(used)):
                    reason = much
                    break
                if self.child is not child:
                    last = last or time.monotonic() + 2 * self.timeout
                    if child.idle or time.monotonic() > last:
                        break
                await asyncio.sleep(LOOK_EVERY_S / 10)
        finally:
            child.end(reason)
        self._ended(child.ended.result())
        await child.gone()


@asynccontextmanager
async def open_supervisor(
    name: str, entry: Entry, hello: Mapping[str, Any], declared: Declaration, platform: Platform
) -> AsyncIterator[Supervisor]:
    """A plugin's child, there before the first request where it can be."""
    meters = platform.get(METERS)
    if meters is None:
        meters = Meters(platform)
        platform.put(METERS, meters)
    timeout = platform.settings.handler_timeout
    keeper = Supervisor(name, entry, hello, declared, platform[SPARES], meters, timeout)
    async with working(f"banshi-isolation-{name}", keeper.keep):
        first = asyncio.create_task(keeper.present())
        await asyncio.wait({first}, timeout=START_TIMEOUT_S)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        yield keeper
