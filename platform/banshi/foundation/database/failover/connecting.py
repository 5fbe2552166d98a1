"""Finding, of the servers that an address names, the one that takes writes.

Behind one name there may be several servers too, one after the other: a name or a virtual address that moves, a proxy.
So each new connection is asked, whatever it goes to.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

#: Seconds that one server may take to let us in, and after which the next one is tried beside it.
CONNECT_TIMEOUT_S, HEAD_START_S = 5.0, 1.0

#: Seconds until the system gives up a connection on which nothing is acknowledged: its machine is gone. Without, it
#: would go on sending for a quarter of an hour. A server that is merely slow acknowledges all the same.
MAX_SILENCE_S = 5

#: Seconds between two questions of the system's on a connection that rests, and how many may go unanswered.
PROBE_INTERVAL_S, MAX_PROBES = 2, 3

#: What PostgreSQL 14 and newer say of themselves when one connects, and whenever it changes.
SAYS_READ_ONLY = ("in_hot_standby", "default_transaction_read_only")

#: Where a session's transactions can't write, for whatever reason.
ASK_READ_ONLY = "SELECT current_setting('transaction_read_only') = 'on'"


async def is_read_only(connection: asyncpg.Connection) -> bool:
    """Whether the server takes no writes of a connection that was just made."""
    settings = connection.get_settings()
    said = [getattr(settings, name, None) for name in SAYS_READ_ONLY]
    if "on" in said:
        return True
    # A pooler may pass neither on.
    return bool(await connection.fetchval(ASK_READ_ONLY)) if None in said else False


class Servers:
    """The servers of one address."""

    def __init__(self, hosts: Sequence[tuple[str, int]] = ()) -> None:
        """`hosts` are those of an address that names several; without, asyncpg reads its own arguments."""
        self._hosts: list[tuple[str, int] | None] = list(hosts) or [None]

    async def connect(self, *given: Any, **options: Any) -> tuple[asyncpg.Connection, bool]:
        """A connection to the server that takes writes, and whether it does.

        Where none does it is one that can be read. The one that was right the last time is tried first, each next one
        as soon as the one before has failed or been silent for `HEAD_START_S`. Raises what the last one did where
        nobody lets us in.
        """
        waiting, trying = list(self._hosts), set[asyncio.Task[tuple[asyncpg.Connection, bool]]]()
        readable: asyncpg.Connection | None = None
        failure: BaseException = ConnectionError("no server to connect to")
        try:
            while waiting or trying:
                if waiting:
                    trying.add(asyncio.create_task(self._asked(waiting.pop(0), given, options)))
                patience = HEAD_START_S if waiting else None
                done, trying = await asyncio.wait(trying, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    if error := task.exception():
                        failure = error
                        continue
                    connection, writes = task.result()
                    if writes:
                        trying |= done - {task}
                        return connection, True
                    if readable is None:
                        readable = connection
                    else:
                        connection.terminate()
            if readable is None:
                raise failure
            found, readable = readable, None
            return found, False
        finally:
            if readable is not None:
                readable.terminate()
            for task in trying:
                task.cancel()
                task.add_done_callback(_left)

    async def _asked(
        self, host: tuple[str, int] | None, given: Sequence[Any], options: Mapping[str, Any]
    ) -> tuple[asyncpg.Connection, bool]:
        place = {} if host is None else {"host": host[0], "port": host[1]}
        connection = await asyncpg.connect(*given, **{"timeout": CONNECT_TIMEOUT_S, **options, **place})
        try:
            _watched(connection)
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                writes = not await is_read_only(connection)
        except BaseException:
            connection.terminate()
            raise
        if writes and host is not None and self._hosts[0] != host:
            self._hosts.remove(host)
            self._hosts.insert(0, host)
        return connection, writes


def _left(task: asyncio.Task[tuple[asyncpg.Connection, bool]]) -> None:
    """Nobody wants what came of it any more."""
    if not task.cancelled() and task.exception() is None:
        task.result()[0].terminate()


def _watched(connection: Any) -> None:
    """Have the system notice a machine that is gone."""
    own: socket.socket = connection._transport.get_extra_info("socket")
    if own.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    limits = {"TCP_USER_TIMEOUT": MAX_SILENCE_S * 1000, "TCP_KEEPIDLE": MAX_SILENCE_S}
    limits |= {"TCP_KEEPINTVL": PROBE_INTERVAL_S, "TCP_KEEPCNT": MAX_PROBES}
    for name, value in limits.items():
        if (option := getattr(socket, name, None)) is not None:  # Linux has all of them
            own.setsockopt(socket.IPPROTO_TCP, option, value)
