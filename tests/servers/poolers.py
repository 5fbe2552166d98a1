"""PgBouncer, real, in its transaction mode: whoever connects to it gets another session with each transaction."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.servers.ports import free_port, program
from tests.servers.postgres_servers import OWNER, PATIENCE

#: As docs/operations/postgres-and-redis.md has it. Of each session that it makes the schema is a test's.
CONFIGURATION = """
[databases]
banshi = {place} connect_query='SET search_path TO {schema}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_prepared_statements = 200
ignore_startup_parameters = {ignored}
"""

#: What the platform says when it connects, and a pooler has to be told of.
IGNORED = "statement_timeout, idle_in_transaction_session_timeout"


@contextmanager
def pooled(url: str, *, ignored: str = IGNORED) -> Iterator[str]:
    """The address of a pooler in front of a test's schema, whose own address `url` is."""
    known, schema = urlsplit(url), parse_qs(urlsplit(url).query)["schema"][0]
    place = f"host={known.hostname} port={known.port or 5432} dbname={known.path[1:]} user={known.username}"
    place += f" password={unquote(known.password)}" if known.password else ""
    port = free_port()
    # It doesn't run as root, and pytest's own folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="banshi-pooler-"))
    file = folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(place=place, schema=schema, port=port, ignored=ignored))
    if OWNER:
        # Another test may have left a umask that closes a new file to everybody else.
        for one in (file, folder):
            shutil.chown(one, OWNER)
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [program("pgbouncer", "pgbouncer"), str(file)], user=OWNER, stdout=quiet, stderr=quiet, cwd="/"
    )
    deadline = time.monotonic() + PATIENCE
    try:
        while not answers(port):
            assert process.poll() is None, "pgbouncer has ended"
            assert time.monotonic() < deadline, "pgbouncer does not answer"
            time.sleep(0.01)
        yield f"asyncpg://postgres@127.0.0.1:{port}/banshi"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
