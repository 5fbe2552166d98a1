"""Ports of this machine for servers that die and begin again."""

from __future__ import annotations

import random
import socket

#: Below those that systems give to clients: while a server is away, whoever connects to its port again and again may be
#: given that very port for its own end, be connected to itself, and keep the server from coming back.
FIRST_PORT, LAST_PORT = 18_000, 32_000


def free_port() -> int:
    """A port that nobody listens on."""
    for port in random.sample(range(FIRST_PORT, LAST_PORT), 100):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port between {FIRST_PORT} and {LAST_PORT} on 127.0.0.1")
