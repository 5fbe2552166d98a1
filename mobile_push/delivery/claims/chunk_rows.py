"""Chunks as rows: claimed, check-pointed, and some phones split off into a chunk of their own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient

from mobile_push.delivery.claims.chunk import QUIET_HOURS, Apart, Checkpoint, Open, bytes_for, moved, together
from mobile_push.delivery.leases import free
from mobile_push.delivery.withdrawal import is_withdrawal
from mobile_push.tables.lanes import Lane
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast


async def claimed_rows(
    store: Any, provider: str, lease: float, lanes: tuple[int, int], limit: int
) -> Sequence[Mapping[str, Any]]:
    """Claim chunks that are due and free, of the lanes from one to another, the urgent and oldest first."""
    mark = Marks(store)
    rows = await mark.rows(
        f"UPDATE push_chunk SET attempts = attempts + 1, lease_until = {store.clock} + {mark(int(lease * 1000))}, "  # noqa: S608
        "unsure = (unsure OR lease_until > 0) "
        f"WHERE id IN (SELECT id FROM push_chunk WHERE provider = {mark(provider)} AND state = 'due' "
        f"AND lane BETWEEN {mark(lanes[0])} AND {mark(lanes[1])} "
        f"AND not_before <= {store.clock} AND {free(store.clock, lease)} AND {store.not_held} "
        f"ORDER BY lane, id LIMIT {mark(limit)} {store.skip_locked}) "
        "RETURNING id, broadcast_id, lane, attempts, size, tries, expires, devices, done, reached, "
        f"topic, outcomes, seconds, unsure, twice, {store.clock} AS now"
    )
    return sorted(rows, key=itemgetter("lane", "id"))


def opened(row: Mapping[str, Any], broadcast: Broadcast) -> Open:
    """A chunk that was just claimed."""
    return Open(
        id=row["id"],
        broadcast=broadcast.id,
        lane=Lane(row["lane"]),
        attempts=row["attempts"],
        size=1 if row["topic"] else row["size"],
        tries=row["tries"],
        expires=row["expires"],
        published=broadcast.published_at or row["now"],
        epoch=row["now"] - time.monotonic() * 1000,
        done=bytearray(row["done"]),
        # Of a version that did not write it down: all that were dealt with.
        reached=bytearray(row["done"] if row["reached"] is None else row["reached"]),
        devices=bytes(row["devices"]),
        outcomes=Counter(parsed(row["outcomes"])),
        seconds=Counter({int(bucket): count for bucket, count in parsed(row["seconds"]).items()}),
        leased=time.monotonic(),
        topic=row["topic"],
        quiet=is_withdrawal(broadcast),
        unsure=bool(row["unsure"]),
        twice=row["twice"],
    )


async def keep(store: Any, connection: BaseDBAsyncClient, provider: str, lease: float, one: Checkpoint) -> str | None:
    """Write a checkpoint down; its state now, or None, and nothing is written, where it isn't ours any more."""
    chunk, mark = one.chunk, Marks(store)
    left = lease - (time.monotonic() - chunk.leased if chunk.lapsed else 0.0)
    rows = await mark.rows(
        f"UPDATE push_chunk SET done = {mark(one.done)}, reached = {mark(one.reached)}, "  # noqa: S608
        f"outcomes = {mark(one.outcomes)}, seconds = {mark(one.seconds)}, twice = {mark(chunk.twice)}, "
        f"state = CASE state WHEN 'due' THEN {mark(one.state)} ELSE state END, "
        f"lease_until = {store.clock} + {mark(int(max(0.0, left) * 1000))} "
        f"WHERE id = {mark(chunk.id)} AND attempts = {mark(chunk.attempts)} AND state IN ('due', 'recalled') "
        "RETURNING state",
        connection,
    )
    if not rows:
        return None
    # Of a broadcast that was recalled nobody sends or retries anything; the report counts its phones all the same.
    recalled = rows[0]["state"] == "recalled"
    for part, places in together(one.apart):
        if recalled:
            part = part._replace(state="recalled")
        await split_off(store, connection, chunk, part.name or provider, places, part)
    return str(rows[0]["state"])


async def split_off(
    store: Any,
    connection: BaseDBAsyncClient,
    one: Open,
    provider: str,
    places: Sequence[int],
    part: Apart,
) -> None:
    """Put some phones of a chunk into a chunk of their own, which goes on as `part` does."""
    # Quiet hours are no attempt.
    tries = one.tries if part.code == QUIET_HOURS else one.tries + 1
    values = {
        "broadcast_id": one.broadcast,
        "provider": provider,
        "lane": int(one.lane),
        "state": part.state,
        "devices": b"".join(map(one.device, places)),
        "done": bytes(bytes_for(len(places))),
        "reached": moved(one.reached, places),
        "size": 0 if one.topic else len(places),
        "topic": one.topic,
        "tries": tries,
        "code": part.code[:64],
        "expires": one.expires,
    }
    mark = Marks(store)
    sql = (
        f"INSERT INTO push_chunk ({', '.join(values)}, not_before, lease_until, attempts, outcomes, seconds) "  # noqa: S608
        f"VALUES ({mark.each(values.values())}, {store.clock} + {mark(int(part.wait * 1000))}, 0, 0, '{{}}', '{{}}')"
    )
    await mark.change(sql, connection)


def parsed(value: Any) -> Mapping[str, Any]:
    """JSON as either driver gives it."""
    parsed: Mapping[str, Any] = orjson.loads(value) if isinstance(value, str | bytes) else value
    return parsed
