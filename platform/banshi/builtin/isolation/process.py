"""One child process, as the kernel holds it: started, introduced, asked, and killed with all that it is."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import socket
import subprocess  # nosec B404 - this interpreter, without a shell
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from banshi.builtin.isolation.declaring import Declaration
from banshi.builtin.isolation.fence.limits import environment
from banshi.builtin.isolation.protocol.frames import MAX_ANSWER_BYTES, MAX_LINE_BYTES, Splitter, WrongFrame, packed
from banshi.builtin.isolation.protocol.heard import Heard, text
from banshi.builtin.isolation.protocol.values import problem_of
from banshi.kernel.loading.typed_tables import adapter
from banshi.kernel.runtime.mistakes import MAX_TEXT_CHARS, MAX_TRACEBACK_CHARS, Mistake, RaisedElsewhere

#: Seconds beyond its deadline after which a call that was not even broken off shows that the child stands still.
GRACE_S = 0.25

#: Calls under way in one child, and bytes that wait for it to read them.
MAX_CALLS, MAX_WAITING_BYTES = 256, 8_388_608

#: Lines of log and bytes in one second, far beyond what a child's own code sends; and bytes while nobody asks it.
MAX_LINES_PER_S, MAX_BYTES_PER_S, MAX_UNASKED_BYTES_PER_S = 1_000, 33_554_432, 1_048_576

#: Seconds of this process's own in one that what it sends may cost in the long run, and those that it may be ahead.
MAX_COST_S_PER_S, MAX_COST_AHEAD_S = 0.1, 0.2

#: A child imports what its parent can, and reads no variable of Python's.
BEGIN = (
    "import sys, json; sys.path[:0] = json.loads(sys.argv[3]);"
    "from banshi.builtin.isolation.child import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)


#: Why an isolated plugin's process ended → what its author does about it.
ENDED = {
    "exit": "nothing in it may end the program, as os._exit() and a crash of a library do",
    "memory": "use less memory, or raise the entry's limits.memory",
    "threads": "start fewer threads, or raise the entry's limits.threads",
    "cpu": "compute less, or raise the entry's limits.cpu",
    "hang": "await whatever takes long, and let nothing hold its loop",
    "protocol": "send less, and nothing past banshi's own code",
}


class ChildEnded(Exception):
    """The process ended before it answered."""

    def mistake(self) -> Mistake:
        """What is said of a method whose process has ended under it."""
        reason = str(self)
        return Mistake(f"lost its process ({reason}): {ENDED.get(reason, 'the log says what came before')}")


class ChildBusy(Exception):
    """It has as many calls under way as it takes."""


def search_path() -> list[str]:
    """Where this process finds modules; a child stands in another folder."""
    return [str(Path(one).absolute()) for one in sys.path]


def command(descriptor: int) -> list[str]:
    """The command of a child that speaks on that file, which it inherits."""
    return [sys.executable, "-I", "-c", BEGIN, str(descriptor), str(os.getpid()), json.dumps(search_path())]


def begun_as(descriptor: int) -> dict[str, Any]:
    """With what a child is begun: nothing of the platform's but that file."""
    # A group of its own: it is killed as one, and no Ctrl-C of the terminal's reaches it.
    alone = {"pass_fds": [descriptor], "env": environment(os.environ), "cwd": "/", "start_new_session": True}
    return alone | dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)


async def begin(descriptor: int) -> asyncio.subprocess.Process:
    """A child that speaks on that file. Raises OSError where the system has no room for one."""
    return await asyncio.create_subprocess_exec(*command(descriptor), **begun_as(descriptor))


class Process(asyncio.Protocol):
    """A child: begun, then introduced to its plugin, then asked."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        #: Why it ended, once it has.
        self.ended: asyncio.Future[str] = loop.create_future()
        #: It has imported all that every plugin needs.
        self.warm = False
        self._heard: Heard | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._transport: Any = None
        self._splitter = Splitter(MAX_ANSWER_BYTES)
        self._numbers = itertools.count(1)
        self._calls: dict[int, tuple[asyncio.Future[Any], asyncio.TimerHandle]] = {}
        self._ready: asyncio.Future[Any] = loop.create_future()
        self._ready.add_done_callback(lambda one: one.cancelled() or one.exception())
        self._second = self._lines = self._bytes = self._unasked = 0
        self._cost, self._counted = 0.0, loop.time()

    @classmethod
    async def begun(cls) -> Process:
        """A process that waits to be told what it is. Raises OSError where the system has no room for one."""
        here, there = socket.socketpair()
        child = cls()
        try:
            here.setblocking(False)
            await asyncio.get_running_loop().create_connection(lambda: child, sock=here)
            child._process = await begin(there.fileno())
        except BaseException:
            if child._transport is None:
                here.close()
            else:
                # The socket is the transport's: closed beneath it, the loop would watch whatever gets its number next.
                child.end("start")
            raise
        finally:
            there.close()
        return child

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def idle(self) -> bool:
        return not self._calls

    async def introduced(self, hello: Mapping[str, Any], heard: Heard | None, seconds: float) -> Declaration:
        """Tell it what to load; what it declares. Raises ChildEnded and TimeoutError."""
        self._heard = heard
        self._transport.write(packed(hello))
        async with asyncio.timeout(seconds):
            try:
                declaration: Declaration = adapter(Declaration).validate_python(await self._ready)
            except ValidationError:
                self.end("protocol")
                raise ChildEnded("protocol") from None
        return declaration

    async def call(self, item: str, method: str, arguments: Sequence[Mapping[str, Any]], seconds: float) -> Any:
        """What the handler answers. Whoever waits no longer cancels; what then doesn't end is killed.

        Raises ChildEnded, ChildBusy, RaisedElsewhere, Mistake, and the problems that the handler raises.
        """
        if self.ended.done():
            raise ChildEnded(self.ended.result())
        if len(self._calls) >= MAX_CALLS or self._transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            raise ChildBusy
        loop, number = asyncio.get_running_loop(), next(self._numbers)
        # What can't be told is the caller's own fault, and nobody else's.
        frame = packed({"id": number, "is": "call", "item": item, "method": method, "arguments": arguments})
        answer: asyncio.Future[Any] = loop.create_future()
        late = loop.call_later(seconds + GRACE_S, self.end, "hang")
        self._transport.write(frame)
        self._calls[number] = answer, late
        try:
            return await answer
        except asyncio.CancelledError:
            if number in self._calls and not self.ended.done():
                self._transport.write(packed({"is": "cancel", "id": number}))
            raise

    def end(self, reason: str) -> None:
        """Kill it at once, with its group; whoever waits for it is told."""
        if self.ended.done():
            return
        self.ended.set_result(reason)
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._transport.abort()
        for answer, late in self._calls.values():
            late.cancel()
            if not answer.done():
                answer.set_exception(ChildEnded(reason))
        self._calls.clear()
        if not self._ready.done():
            self._ready.set_exception(ChildEnded(reason))

    async def gone(self) -> None:
        """Wait until the system has no such process any more."""
        if self._process is not None:
            await self._process.wait()

    # -- what arrives --------------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self.end("exit")

    def data_received(self, data: bytes) -> None:
        begun = time.thread_time()
        try:
            self._count(len(data))
            for document in self._splitter.fed(data):
                self._take(document)
                if self.ended.done():
                    return
            self._charge(time.thread_time() - begun)
        except (WrongFrame, KeyError, TypeError, ValueError):
            self.end("protocol")

    def _count(self, size: int) -> None:
        """Raises ValueError for more bytes than any child of ours sends."""
        now = int(asyncio.get_running_loop().time())
        if now != self._second:
            self._second, self._lines, self._bytes, self._unasked = now, 0, 0, 0
        self._bytes += size
        # Whoever isn't asked has nothing to say but lines of log.
        asked = bool(self._calls) or not self._ready.done()
        self._splitter.limit = MAX_ANSWER_BYTES if asked else MAX_LINE_BYTES
        self._unasked += 0 if asked else size
        if self._bytes > MAX_BYTES_PER_S or self._unasked > MAX_UNASKED_BYTES_PER_S:
            raise ValueError("a torrent")

    def _charge(self, seconds: float) -> None:
        """Raises ValueError where reading what it sends takes too much of everybody's time."""
        now = asyncio.get_running_loop().time()
        self._cost = max(0.0, self._cost - MAX_COST_S_PER_S * (now - self._counted)) + seconds
        self._counted = now
        if self._cost > MAX_COST_AHEAD_S:
            raise ValueError("too dear")

    def _take(self, document: Mapping[str, Any]) -> None:
        """One document. Raises KeyError, TypeError and ValueError for what no child of ours sends."""
        match document["is"]:
            case "log":
                self._say(document)
            case "warm" if not self.warm:
                self.warm = True
            case "ready" if not self._ready.done():
                self._ready.set_result(document["declaration"])
            case "answer":
                self._settle(document, value=document["value"])
            case "problem":
                self._settle(document, error=_problem(document["problem"]))
            case "failed":
                self._settle(document, error=_failure(document))
            case "cancelled":
                self._settle(document, error=ChildEnded("cancelled"))
            case _:
                raise ValueError("unknown")

    def _settle(self, document: Mapping[str, Any], value: Any = None, error: Exception | None = None) -> None:
        """Raises KeyError for an answer to nobody."""
        answer, late = self._calls.pop(document["id"])
        late.cancel()
        if answer.done():
            return
        if error is None:
            answer.set_result(value)
        else:
            answer.set_exception(error)

    def _say(self, document: Mapping[str, Any]) -> None:
        self._lines += 1
        if self._lines > MAX_LINES_PER_S:
            raise ValueError("a flood of lines")
        if self._heard is not None:
            self._heard.take(document)


def _failure(document: Mapping[str, Any]) -> Exception:
    """What its handler raised, as it tells; whoever asked says so in the log. Raises KeyError and ValueError."""
    where, shown = text(document["where"], 200), text(document.get("traceback", ""), MAX_TRACEBACK_CHARS)
    if told := text(document.get("mistake", ""), MAX_TEXT_CHARS):
        mistake = Mistake(told)
        mistake.shown = shown
        return mistake
    return RaisedElsewhere(text(document["error"], 100), where, shown)


def _problem(document: Any) -> Exception:
    try:
        return problem_of(document)
    except ValueError:
        return RaisedElsewhere("a problem that is none")
