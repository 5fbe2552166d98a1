"""When what a worker had claimed is free again: after its lease, and at once where the worker can only be dead."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from banshi import Platform
from mobile_push.delivery.metrics import log
from mobile_push.tables.models import Chunk, Delivery, FanOut

try:
    import fcntl
except ImportError:  # no Unix: leases end by themselves
    fcntl = None  # type: ignore[assignment]


def free(clock: str, lease: float) -> str:
    """SQL that is true of a row that nobody holds, by the database's clock.

    A lease that ends later than twice the longest from now on was taken before the clock was set back: without a limit,
    what a worker that died had claimed would wait for as long as the clock had been wrong.
    """
    return f"(lease_until <= {clock} OR lease_until > {clock} + {int(lease * 2000)})"


@asynccontextmanager
async def alive(platform: Platform, providers: Collection[str]) -> AsyncIterator[None]:
    """Release the leases of the dead, and be known to live until the block ends.

    On SQLite all servers of a database run on one machine, and each shares a lock on a file beside the database, which
    the system takes from a process that dies, however it dies. Who gets it alone is the only one who lives, and has
    claimed nothing yet: every lease is a dead one's. On PostgreSQL, where others may live elsewhere, leases end by
    themselves.
    """
    file = getattr(platform.store.connection, "filename", ":memory:")
    if platform.store.dialect != "sqlite" or file == ":memory:" or fcntl is None:
        yield
        return
    descriptor = os.open(Path(f"{file}-push.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            await _release(list(providers))
        except BlockingIOError:
            pass  # another server lives
        # Whoever is alone at this moment releases its leases; we have none yet.
        await asyncio.to_thread(fcntl.flock, descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


async def _release(providers: list[str]) -> None:
    released = await FanOut.filter(state="due", lease_until__gt=0).update(lease_until=0)
    for model in (Chunk, Delivery):
        claimed = model.filter(provider__in=providers, state="due", lease_until__gt=0)
        released += await claimed.update(lease_until=0, **({"unsure": True} if model is Chunk else {}))
    if released:
        log.warning("what a server that died had claimed is free again", rows=released)
