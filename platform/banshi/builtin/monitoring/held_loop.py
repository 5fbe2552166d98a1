"""A plugin that keeps the event loop to itself, and nobody else is answered: told with file and line, meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from types import FrameType

import structlog
from prometheus_client import Counter

from banshi.foundation.keys import Key
from banshi.kernel.contract.values import Submission
from banshi.kernel.runtime.running import Platform

#: Seconds for which the loop may stand still.
HELD_S = 0.5

#: Seconds between two looks at what it does: whoever does nothing wakes for no more than that.
LOOK_S = 0.2

#: Seconds before the same line is told again.
QUIET_S = 60.0

#: Frames that are looked at: deeper than any handler is called.
MAX_FRAMES = 200

ADVICE = "await what waits, and give what calculates to asyncio.to_thread, or the plugin a process of its own"

log = structlog.get_logger("banshi.monitoring")


class HeldLoop:
    """A thread that looks whether the loop turns, and at what it does where it doesn't."""

    def __init__(self, platform: Platform) -> None:
        registry = platform.registry
        entries = registry.configuration.entries
        plugins = registry.plugins.items()
        self._folders = {f"{plugin.folder}{os.sep}": name for name, plugin in plugins if name in entries}
        self._any = tuple(self._folders)
        self._held = Counter(
            "banshi_loop_held", "Times that a plugin held the event loop", ["plugin"], registry=platform.metrics
        )
        self._thread = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        self._told: dict[tuple[str, int], float] = {}
        self.ended = threading.Event()

    def watch(self) -> None:
        while not self.ended.wait(LOOK_S):
            if self._in_a_plugin():
                self._wait_for_turn()

    def _wait_for_turn(self) -> None:
        """Wait until the loop turns, and tell once where that takes long. It was held for a moment before the look."""
        turned = threading.Event()
        try:
            self._loop.call_soon_threadsafe(turned.set)
        except RuntimeError:  # the loop is closed
            return
        told, pause = False, HELD_S - LOOK_S / 2
        while not (turned.wait(pause) or self.ended.is_set()):
            told, pause = told or self._tell(), LOOK_S

    def _in_a_plugin(self) -> Sequence[FrameType]:
        """The frames of the loop's thread, the innermost first, where one of them is a plugin's code."""
        frames = list(_outwards(sys._current_frames().get(self._thread)))
        return frames if any(one.f_code.co_filename.startswith(self._any) for one in frames) else ()

    def _tell(self) -> bool:
        """Whether the loop is in a plugin's code, which is then told."""
        for frame in (frames := self._in_a_plugin()):
            for folder, plugin in self._folders.items():
                if frame.f_code.co_filename.startswith(folder):
                    self._tell_of(plugin, _item_in(frames), frame)
                    return True
        return False

    def _tell_of(self, plugin: str, item: str, frame: FrameType) -> None:
        self._held.labels(plugin).inc()
        file, line, now = frame.f_code.co_filename, frame.f_lineno, time.monotonic()
        if now - self._told.get((file, line), -QUIET_S) >= QUIET_S:
            self._told[file, line] = now
            what = f"{frame.f_code.co_name} holds the event loop, and nobody is answered: {ADVICE}"
            log.error("a plugin holds the loop", plugin=plugin, item=item, where=f"{file}:{line}", mistake=what)


HELD_LOOP: Key[HeldLoop] = Key("held loop")


@asynccontextmanager
async def open_held_loop(platform: Platform) -> AsyncIterator[HeldLoop]:
    watch = HeldLoop(platform)
    thread = threading.Thread(target=watch.watch, name="held-loop", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.ended.set()
        thread.join(timeout=1)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """A frame and those that called it."""
    for _ in range(MAX_FRAMES):
        if frame is None:
            return
        yield frame
        frame = frame.f_back


def _item_in(frames: Sequence[FrameType]) -> str:
    """The item about whose submission somebody asked; "" where there is none."""
    for frame in frames:
        for value in (*frame.f_locals.values(), *frame.f_locals.get("arguments", ())):
            if isinstance(value, Submission):
                return value.item.code
    return ""
