"""To how many open streams a broadcast was written as it came out, kept beside its fan-outs.

Each process counts its own and adds them up in the database every second, so a process that is killed takes the last
second's count with it. Phones that connect later read the broadcast from their inbox and aren't counted.
"""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from tortoise.transactions import in_transaction

from banshi import Platform
from mobile_push.delivery.claims.chunk_rows import key
from mobile_push.inbox.messages import STREAM


async def add_up(platform: Platform, written: Counter[UUID]) -> None:
    """Move the counts of this process to the database."""
    counts = {identity: count for identity, count in written.items() if count}
    if not counts:
        return
    store = platform.store
    provider, found, identity = store.placeholders(3)
    sql = (
        "INSERT INTO push_fan_out (broadcast_id, provider, lane, state, through, found, lease_until, attempts) "  # noqa: S608
        f"SELECT id, CAST({provider} AS VARCHAR(16)), CASE kind WHEN 'alert' THEN 1 ELSE 2 END, 'done', '', "
        f"CAST({found} AS BIGINT), 0, 0 FROM push_broadcast WHERE id = {identity} "
        "ON CONFLICT (broadcast_id, provider) DO UPDATE SET found = push_fan_out.found + excluded.found"
    )
    values = [[STREAM, count, key(store.dialect, identity)] for identity, count in counts.items()]
    async with in_transaction() as connection:
        for row in values:
            await connection.execute_query(sql, row)
    written.subtract(counts)
    for one in counts:
        if not written[one]:
            del written[one]
