"""Redis servers of the tests' own, on ports of their own: started from the machine's binary, stopped by process id."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.ports import free_port, program

#: Seconds that a server may take to answer.
ANSWER_TIMEOUT_S = 20.0


class Server:
    """One process; it can be killed, and begun again on the same port."""

    def __init__(self, folder: Path, *arguments: str, port: int = 0) -> None:
        self.port = port or free_port()
        self.folder = folder
        self._arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.begin()

    def begin(self) -> None:
        command = [
            program("redis-server", "redis-server"),
            *self._arguments,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
        ]
        command += ["--dir", str(self.folder), "--loglevel", "warning"]
        # It doesn't begin in a language that the machine has no locale of.
        plain = {**os.environ, "LC_ALL": "C"}
        self.process = subprocess.Popen(command, env=plain, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        while not answers(self.port):
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as one:
            one.sendall(b"PING\r\n")
            return one.recv(7).startswith(b"+PONG")
    except OSError:
        return False


#: Nothing is kept on disk.
IN_MEMORY = ("--save", "", "--appendonly", "no")


@contextmanager
def alone(folder: Path) -> Iterator[Server]:
    server = Server(folder, *IN_MEMORY)
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def sentinel(folder: Path) -> Iterator[tuple[Server, Server, Server]]:
    """A master, its replica, and a Sentinel that knows them as `city`."""
    with ExitStack() as stack:
        master = stack.enter_context(alone(folder / "master"))
        replica = Server(folder / "replica", *IN_MEMORY, "--replicaof", "127.0.0.1", str(master.port))
        stack.callback(replica.kill)
        file = folder / "sentinel.conf"
        lines = [f"sentinel monitor city 127.0.0.1 {master.port} 1", "sentinel down-after-milliseconds city 500"]
        file.write_text("\n".join([*lines, "sentinel failover-timeout city 2000", ""]))
        watcher = Server(folder / "sentinel", str(file), "--sentinel")
        stack.callback(watcher.kill)
        yield master, replica, watcher


@contextmanager
def cluster(folder: Path) -> Iterator[list[Server]]:
    """Three masters that share the slots."""
    with ExitStack() as stack:
        servers = []
        for number in range(3):
            port = str(free_port())
            own = ("--cluster-enabled", "yes", "--cluster-port", port, "--cluster-node-timeout", "2000")
            servers.append(Server(folder / str(number), *IN_MEMORY, *own))
            stack.callback(servers[-1].kill)
        nodes = [f"127.0.0.1:{server.port}" for server in servers]
        command = [program("redis-cli", "redis-tools"), "--cluster", "create", *nodes, "--cluster-yes"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        yield servers
