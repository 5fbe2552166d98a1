"""The two queues whose rows are changed all the time, filled and worked off by the platform's own statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from random import randbytes
from typing import Any
from uuid import uuid4

from banshi import Tables, Write
from banshi.foundation.database.store import Store
from banshi.kernel.outbox import outbox
from banshi.kernel.tables.outbox import OutboxRow
from mobile_push.delivery.claims.chunk import ID_BYTES, Checkpoint
from mobile_push.delivery.claims.chunk_rows import claimed_rows, keep, opened
from mobile_push.tables.delivery_models import Chunk
from mobile_push.tables.models import Broadcast

PUSH = Tables(models="mobile_push.tables.models", migrations="mobile_push.tables.migrations")

#: Phones of a chunk, and how far a courier is at each of its checkpoints.
PHONES, PARTS = 512, (2, 1)

#: So many rows that come together, so many of them claimed at once and brought to their end. Gives how many changes
#: there were, after each claim and after each end.
Work = Callable[[Store, int, int], AsyncIterator[int]]


async def promises(store: Store, rows: int, at_once: int) -> AsyncIterator[int]:
    """Promises."""
    same = {"consumer": "intake", "topic": "submitted", "payload": {"case": str(uuid4())}}
    await store.commit(Write(rows=[OutboxRow(dedup=f"intake:{uuid4()}:1", **same) for _ in range(rows)]))
    changes = 0
    while claimed := await outbox.claim(store, "intake", limit=at_once, lease=30.0):
        changes += len(claimed)
        yield changes
        await outbox.settle(store, claimed)
        changes += len(claimed)
        yield changes


async def chunks(store: Store, rows: int, at_once: int) -> AsyncIterator[int]:
    """Chunks of one broadcast, with a checkpoint half-way and one at the end."""
    broadcast, bits = Broadcast(id=uuid4(), kind="notice"), bytes(PHONES // 8)
    same: dict[str, Any] = {"broadcast_id": broadcast.id, "provider": "fcm", "lane": 2, "expires": 1 << 60}
    same |= {"done": bits, "reached": bits, "size": PHONES}
    await store.commit(Write(rows=[Chunk(devices=randbytes(PHONES * ID_BYTES), **same) for _ in range(rows)]))
    changes = 0
    while claimed := await claimed_rows(store, "fcm", 30.0, (0, 2), at_once):
        changes += len(claimed)
        yield changes
        for one in (opened(row, broadcast) for row in claimed):
            one.left = PHONES
            for part in PARTS:
                for place in one.open_places()[::part]:
                    one.tick(place, "accepted")
                assert await keep(store, store.connection, "fcm", 30.0, Checkpoint.of(one))
        changes += len(claimed) * len(PARTS)
        yield changes
