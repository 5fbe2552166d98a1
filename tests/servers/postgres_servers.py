"""PostgreSQL servers of the tests' own: made by the machine's programs, stopped by process id."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from tests.servers.ports import free_port, program
from tests.waiting import children_of

#: Seconds that a server may take to answer.
PATIENCE = 60.0

#: Seconds that a server's processes may take to notice that the first of them is gone; what stands still never does.
NOTICED = 5.0

#: Where Debian has them, the newest first.
PROGRAMS = ":".join(sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True))

#: PostgreSQL refuses to run as root; then its own user runs it.
OWNER = "postgres" if os.geteuid() == 0 else None

#: Nothing is waited for on disk.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=20")


def run(name: str, *arguments: str) -> str:
    """Run a program to its end, as the user who may; what it prints."""
    command = [program(name, "postgresql", beside=PROGRAMS), *arguments]
    done = subprocess.run(command, user=OWNER, capture_output=True, text=True, timeout=PATIENCE, cwd="/", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Server:
    """One server, which can be killed and begun again on the same port."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._settings = (*QUICK, *settings)
        self.port = free_port()
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"asyncpg://postgres@127.0.0.1:{self.port}/postgres"

    def begin(self) -> None:
        settings = [part for one in (*self._settings, f"port={self.port}") for part in ("-c", one)]
        settings += ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]
        command = [program("postgres", "postgresql", beside=PROGRAMS), "-D", str(self.folder), *settings]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, user=OWNER, stdout=quiet, stderr=quiet, cwd="/")
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.execute("SELECT 1")
                return
            except AssertionError:
                assert self.process.poll() is None, "PostgreSQL has ended"
                assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.1)

    def begin_again(self) -> None:
        """After SIGKILL: its own processes notice by and by that it is gone, and until then keep what it needs."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.begin()
            except AssertionError:
                assert time.monotonic() < deadline, "PostgreSQL does not begin again"
            time.sleep(0.1)

    def asked(self, *statements: str) -> str:
        """What psql prints; a server that takes no writes takes these all the same."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-qAtX")
        writing = "SET default_transaction_read_only = off"
        return run("psql", *where, *(part for one in (writing, *statements) for part in ("-c", one)))

    def execute(self, *statements: str) -> None:
        self.asked(*statements)

    def read_only(self, wanted: bool) -> None:
        """Take writes no more, or again, as managed services do on a full disk: sessions that are there fare alike."""
        word, setting = "on" if wanted else "off", "default_transaction_read_only"
        self.execute(f"ALTER SYSTEM SET {setting} = {word}", "SELECT pg_reload_conf()")
        # Its first process reads that and tells the others, in its own time; who comes after that begins so.
        while self.asked(f"RESET {setting}", f"SHOW {setting}").strip() != word:
            time.sleep(0.01)

    def pause(self, wanted: bool) -> None:
        """Have all its processes stand still, or go on: it answers nobody, and connections to it stay."""
        assert self.process is not None
        for process in (self.process.pid, *self._children()):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP if wanted else signal.SIGCONT)

    def promote(self) -> None:
        """Make a replica take writes; returns when it does."""
        run("pg_ctl", "promote", "-w", "-D", str(self.folder))

    def follow(self, other: Server) -> None:
        """Begin, as the replica of a server that was promoted in its place. It was stopped in order, or is that far."""
        conninfo = f"primary_conninfo = 'host=127.0.0.1 port={other.port} user=postgres'\n"
        own = self.folder / "postgresql.auto.conf"
        own.write_text(own.read_text() + conninfo + "synchronous_standby_names = ''\n")
        (self.folder / "standby.signal").touch()
        if OWNER:
            shutil.chown(self.folder / "standby.signal", OWNER)
        self.begin()

    def remove(self) -> None:
        """End it for good, and what it has stored."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self, number: int = signal.SIGQUIT) -> None:
        """At once; returns when those of its processes have noticed, too, which may answer a last question before."""
        if self.process is not None and self.process.poll() is None:
            children = self._children()
            self.process.send_signal(number)
            self.process.wait(PATIENCE)
            deadline = time.monotonic() + NOTICED
            while any(map(runs, children)) and time.monotonic() < deadline:
                time.sleep(0.005)

    def _children(self) -> list[int]:
        assert self.process is not None
        return children_of(self.process.pid)


def runs(process: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def made(folder: Path, *settings: str) -> Server:
    """A server whose folder is there, and its own; it does not run yet.

    Where it has a user of its own, its folder is elsewhere: pytest's is closed to all others by whichever run begins
    next, and a server that was killed in that moment could never begin again.
    """
    if OWNER:
        folder = Path(tempfile.mkdtemp(prefix=f"banshi-{folder.name}-"))
        shutil.chown(folder, OWNER)
    else:
        folder.mkdir(mode=0o700)
    return Server(folder, *settings)


@cache
def initial() -> Path:
    """What every server's folder has at first, made once for all servers of this process."""
    folder = Path(tempfile.mkdtemp(prefix="banshi-initial-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if OWNER:
        shutil.chown(folder, OWNER)
    run("initdb", "-D", str(folder), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8")
    return folder


def initialised(server: Server) -> None:
    run("cp", "-R", f"{initial()}/.", str(server.folder))


@contextmanager
def alone(folder: Path, *settings: str) -> Iterator[Server]:
    """A server that runs; `settings` are PostgreSQL's own, such as "max_connections=60"."""
    server = made(folder, *settings)
    try:
        initialised(server)
        server.begin()
        yield server
    finally:
        server.remove()


@contextmanager
def replicated(folder: Path, *settings: str) -> Iterator[tuple[Server, Server]]:
    """A server and its replica, which follows it by streaming."""
    first, copy = made(folder / "first", *settings), made(folder / "copy", *settings)
    try:
        initialised(first)
        first.begin()
        where = ("-h", "127.0.0.1", "-p", str(first.port), "-U", "postgres")
        run("pg_basebackup", *where, "-D", str(copy.folder), "-R", "-X", "stream", "--no-sync", "-c", "fast")
        copy.begin()
        yield first, copy
    finally:
        copy.remove()
        first.remove()


def synchronous(first: Server) -> None:
    """Let no commit on the server be confirmed before its replica has it: what was acknowledged outlives the server."""
    first.execute("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
    deadline = time.monotonic() + PATIENCE
    while "sync" not in first.asked("SELECT sync_state FROM pg_stat_replication").split():
        assert time.monotonic() < deadline, "no replica follows"
        time.sleep(0.05)
