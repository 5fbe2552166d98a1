"""What servers of the tests' own take of this machine: its programs, and ports on which they die and begin again."""

from __future__ import annotations

import os
import random
import shutil
import socket

import pytest

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


def program(name: str, package: str, *, beside: str = "/usr/sbin") -> str:
    """Where a program is, or a reason to skip; under CI=true a missing one fails."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{beside}")
    if found is None:
        assert os.environ.get("CI") != "true", f"{name} is missing; .ci/run installs it"
        pytest.skip(f"needs {name}, of Debian's package {package}")
    return found
