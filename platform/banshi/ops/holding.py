"""Holding everything that goes out, and letting it go again, by an operator's word or a restore's."""

from __future__ import annotations

from banshi.foundation.database.store import Store
from banshi.foundation.encryption.look_ups import NOTE

#: The one row's name.
OUTBOX = "outbox"

#: What the reason of a restore begins with.
RESTORED = "restored from a backup"

#: How far a restore moves the kernel's counters on: further than any was counted since the backup was made.
GAP = 100_000

#: Numbers of passes that were issued after the backup are in people's pockets. That of a key stays what it is.
ADVANCE = (f"UPDATE banshi_counter SET value = value + {GAP} WHERE name <> '{NOTE}'",)  # noqa: S608 - our own words


def hold_statement(clock: str, reason: str) -> str:
    """SQL that holds what goes out; where it is held already, the first reason stays."""
    quoted = reason[:200].replace("'", "''")
    return (
        f"INSERT INTO banshi_hold (name, since, reason) VALUES ('{OUTBOX}', {clock}, '{quoted}') "  # noqa: S608 - quoted
        "ON CONFLICT (name) DO NOTHING"
    )


async def hold(store: Store, reason: str) -> bool:
    """Hold what goes out from now on; False where it is held already."""
    return bool(await store.connection.execute_query_dict(f"{hold_statement(store.clock, reason)} RETURNING name"))


async def resume(store: Store) -> bool:
    """Let it go out again; False where it isn't held, or another was quicker."""
    changed, _ = await store.connection.execute_query("DELETE FROM banshi_hold")
    return bool(changed)
