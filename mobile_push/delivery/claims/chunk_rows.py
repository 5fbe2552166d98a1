"""Chunks as rows: some phones split off into a chunk of their own, and what the drivers take and give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient

from mobile_push.delivery.claims.chunk import QUIET_HOURS, Open, bytes_for, moved


async def split_off(
    store: Any,
    connection: BaseDBAsyncClient,
    one: Open,
    provider: str,
    places: Sequence[int],
    state: str,
    code: str,
    wait: float = 0.0,
) -> None:
    """Put some phones of a chunk into a chunk of their own, due after so many seconds."""
    # Quiet hours are no attempt.
    tries = one.tries if code == QUIET_HOURS else one.tries + 1
    values = {
        "broadcast_id": key(store.dialect, one.broadcast),
        "provider": provider,
        "lane": int(one.lane),
        "state": state,
        "devices": b"".join(map(one.device, places)),
        "done": bytes(bytes_for(len(places))),
        "reached": moved(one.reached, places),
        "size": 0 if one.topic else len(places),
        "topic": one.topic,
        "tries": tries,
        "code": code[:64],
        "expires": one.expires,
        "not_before": int(wait * 1000),
    }
    marks = store.placeholders(len(values))
    marks[-1] = f"{store.clock} + {marks[-1]}"
    sql = (
        f"INSERT INTO push_chunk ({', '.join(values)}, lease_until, attempts, outcomes, seconds) "  # noqa: S608
        f"VALUES ({', '.join(marks)}, 0, 0, '{{}}', '{{}}')"
    )
    await connection.execute_query(sql, list(values.values()))


def key(dialect: str, identity: UUID) -> Any:
    """An id as the database's driver takes it."""
    return str(identity) if dialect == "sqlite" else identity


def parsed(value: Any) -> Mapping[str, Any]:
    """JSON as either driver gives it."""
    parsed: Mapping[str, Any] = orjson.loads(value) if isinstance(value, str | bytes) else value
    return parsed
