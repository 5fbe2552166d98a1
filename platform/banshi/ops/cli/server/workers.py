"""`banshi serve --workers`: as many servers on one port, each begun anew where it ends or stands still.

SIGTERM ends all of them; SIGHUP begins new ones, on the configuration as it is then, and ends the old ones after."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import structlog

from banshi.builtin.monitoring.worker_process import Worker
from banshi.foundation.retry import Retry

log = structlog.get_logger("banshi.workers")

#: Seconds without a sign of life after which a worker that served is killed, its loop stands still; and those of a last
#: look.
SILENCE_S, LAST_LOOK_S = 30.0, 2.0

#: Seconds that a worker may take to end when it is asked to: a little longer than those in which it ends by itself.
END_TIMEOUT_S = 30.0

#: Seconds in which a new worker has to serve, before the one in its place is asked to end; it may migrate first.
START_TIMEOUT_S = 900.0

#: How long until a worker that ended begins anew: longer each time it ends before it has lived for so many seconds.
RETRY, STEADY_AFTER_S = Retry(0.5, 30.0, spread=0.3), 60.0


class Supervisor:
    """The process that starts the workers and looks after them; it serves nothing itself."""

    def __init__(self, command: Sequence[str], count: int, folder: Path) -> None:
        self.status = 0
        self._command = command
        self._count = count
        self._folder = folder
        self._stop = asyncio.Event()
        self._ready = asyncio.Event()
        self._anew = asyncio.Event()
        #: The lives under way, and of each worker the one that others may take the place of.
        self._lives: set[Life] = set()
        self._present: dict[int, Life] = {}
        #: Who holds it fills the place of that worker.
        self._places = {number: asyncio.Lock() for number in range(1, count + 1)}

    async def run(self) -> int:
        """Until a signal asks to stop, or no worker can begin; gives the status to end with."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._anew.set)
        # The first one brings the tables to their schema and makes keys; the others then find all of it.
        first = asyncio.create_task(self._keep(1))
        await _either(self._ready, self._stop)
        others = [asyncio.create_task(self._keep(number)) for number in range(2, self._count + 1) if not self._over]
        while not self._over:
            await _either(self._anew, self._stop)
            if self._anew.is_set() and not self._over:
                # A signal that comes meanwhile asks for what has changed since: once more, afterwards.
                self._anew.clear()
                await self._renew()
        await self._end(self._lives)
        await asyncio.gather(first, *others)
        return self.status

    @property
    def _over(self) -> bool:
        return self._stop.is_set()

    async def _keep(self, number: int) -> None:
        """Start worker `number`, again and again."""
        failures = 0
        while not self._over:
            begun = time.monotonic()
            try:
                async with self._places[number]:
                    life = self._present.get(number)
                    if life is None or not life.lives:
                        life = self._present[number] = await self._begin(number)
                status = await asyncio.shield(life.ending)
                if life is not self._present[number]:  # another one has taken its place
                    continue
                served = life.ready.is_set()
            except Exception as error:  # no memory, no files, a program that is being replaced: it may be there again
                log.error("a worker could not be started", worker=number, error=type(error).__name__)
                served, status = False, 1
            if self._over:
                return
            if not served and not self._ready.is_set():
                # Whatever it is, it has said so, and the next one would say it too.
                self.status = status or 1
                self._stop.set()
                return
            failures = 1 if time.monotonic() - begun > STEADY_AFTER_S else failures + 1
            pause = RETRY.pause(failures)
            log.error("a worker ended and begins anew", worker=number, status=status, seconds=pause)
            await _either(self._stop, within=pause)

    async def _renew(self) -> None:
        """Let a new worker take the place of each, one after the other, on the configuration as it is now."""
        log.info("new workers begin")
        for number in range(1, self._count + 1):
            async with self._places[number]:
                if not await self._replace(number):
                    return
        log.info("new workers have taken every place")

    async def _replace(self, number: int) -> bool:
        """Let a new worker take the place of the present one once it serves; False where it doesn't, or all is over."""
        try:
            new = await self._begin(number)
        except Exception as error:
            log.error("a new worker could not be started; the workers that serve stay", error=type(error).__name__)
            return False
        await _either(new.ready, new.ended, self._stop, within=START_TIMEOUT_S)
        if self._over:
            return False
        if not new.ready.is_set() or not new.lives:
            await self._end([new])
            # Why, it has said on standard error.
            log.error("a new worker could not begin; the workers that serve stay", worker=number)
            return False
        old, self._present[number] = self._present.get(number), new
        if old is not None:
            await self._end([old])
        return True

    async def _begin(self, number: int) -> Life:
        """Start a life of a worker."""
        reading, writing = os.pipe()
        worker = Worker(number, self._count, str(self._folder), writing)
        worker.socket(number).unlink(missing_ok=True)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, env=worker.environment(), pass_fds=[writing], stdin=asyncio.subprocess.DEVNULL
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        life = Life(process, number, reading, self._ready)
        self._lives.add(life)
        life.ending.add_done_callback(lambda _: self._lives.discard(life))
        if self._over:
            # It came when all others had been asked to end.
            process.terminate()
        return life

    async def _end(self, lives: Iterable[Life]) -> None:
        """Ask workers to finish what is under way, and kill those that don't."""
        left = list(lives)
        for life in left:
            if life.lives:
                life.process.terminate()
        if left:
            _, late = await asyncio.wait([life.ending for life in left], timeout=END_TIMEOUT_S)
            for life in left if late else ():
                if life.lives:
                    log.error("a worker did not end and is killed", pid=life.process.pid)
                    life.process.kill()
            await asyncio.wait([life.ending for life in left])


class Life:
    """A worker from its beginning to its end, and its signs of life in between."""

    def __init__(self, process: asyncio.subprocess.Process, number: int, reading: int, first: asyncio.Event) -> None:
        self.process = process
        #: Set with its first sign of life: it serves.
        self.ready = asyncio.Event()
        self.ended = asyncio.Event()
        #: Done when it has ended, with its status.
        self.ending = asyncio.create_task(self._lived(reading, first))
        self._number = number

    @property
    def lives(self) -> bool:
        return self.process.returncode is None

    async def _lived(self, reading: int, first: asyncio.Event) -> int:
        watching = asyncio.create_task(self._watch(reading, first))
        try:
            return await self.process.wait()
        finally:
            self.ended.set()
            # Not until the pipe ends: something that the worker started may hold it.
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self, reading: int, first: asyncio.Event) -> None:
        """Until the pipe ends or it is cancelled; a worker that served and falls silent is killed."""
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb", buffering=0)
        )
        try:
            while await self._sign(stream):
                self.ready.set()
                first.set()
        finally:
            transport.close()

    async def _sign(self, stream: asyncio.StreamReader) -> bool:
        """Whether there is another sign of life."""
        # A second look: where this process itself stood still, the signs are there and were not read.
        for seconds in (SILENCE_S, LAST_LOOK_S):
            try:
                async with asyncio.timeout(seconds if self.ready.is_set() else None):
                    return bool(await stream.read(1024))
            except TimeoutError:
                pass
        log.error("a worker stands still and is killed", worker=self._number, silent_seconds=SILENCE_S)
        with suppress(ProcessLookupError):
            self.process.kill()
        return False


async def _either(*events: asyncio.Event, within: float | None = None) -> None:
    """Wait for one of several events, for so many seconds at most."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


@contextmanager
def reserved(host: str, port: int) -> Iterator[int]:
    """Keep a port for the workers while the block runs, at all addresses of the host. Raises OSError.

    Processes of one user may share a port with SO_REUSEPORT, and another deployment's workers would get half of the
    requests: so it has to be free without it, and there is a lock on a file for as long as no worker listens yet.
    """
    with ExitStack() as stack:
        locked = False
        for family, kind, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            place = (address[0], port, *address[2:])
            with socket.socket(family, kind) as free:
                _own(free)
                free.bind(place)
                port = int(free.getsockname()[1])
            if not locked:
                stack.enter_context(_locked(port))
                locked = True
            kept = stack.enter_context(socket.socket(family, kind))
            _own(kept)
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            kept.bind((address[0], port, *address[2:]))
        yield port


def _own(one: socket.socket) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if one.family == socket.AF_INET6:
        # The IPv4 address of the same host is bound by itself.
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


@contextmanager
def _locked(port: int) -> Iterator[None]:
    file = Path(tempfile.gettempdir()) / f"banshi-{os.getuid()}-{port}.lock"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE)) from None
        yield
    finally:
        os.close(descriptor)


def supervise(host: str, port: int, count: int) -> int:
    """Serve with so many workers until a signal asks to stop; gives the status to end with."""
    with reserved(host, port) as kept, tempfile.TemporaryDirectory(prefix="banshi-") as folder:
        command = [sys.executable, *sys.orig_argv[1:], "--port", str(kept)]
        return asyncio.run(Supervisor(command, count, Path(folder)).run())
