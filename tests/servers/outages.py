"""Ways in which a provider, or its token alone, can't be had, and for how long."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from tests.servers.fault_proxy import FaultProxy
from tests.tries import tries

#: Seconds; the whole minute with `BANSHI_TEST_LONG=1`.
OUTAGE_S = tries(2, 60)

#: What a sandbox does to the path of a token, and what becomes of the way to a provider.
FAULTS, WAYS = ("status", "garbage", "hang"), ("refused", "unanswered")

#: Connections that fill the queue of who wants to be taken: one is its length, and one waits in front of it.
WAITING = 3


@contextmanager
def unanswered(port: int = 0) -> Iterator[int]:
    """A port at which no SYN is answered, as behind a firewall; 0 takes one that is free."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(0)
        for _ in range(WAITING):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                one.connect(listening.getsockname())
        yield listening.getsockname()[1]


@asynccontextmanager
async def cut_off(network: FaultProxy, how: str) -> AsyncIterator[None]:
    """Meanwhile nobody listens there, or no SYN is answered."""
    await network.__aexit__()
    try:
        with unanswered(network.port) if how == "unanswered" else contextlib.nullcontext():
            yield
    finally:
        await network.__aenter__()
