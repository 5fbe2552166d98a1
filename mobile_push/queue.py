"""The table of deliveries as a queue: claim what is due under a lease, settle it, give it back.

Leases run on the database's clock. A settlement names the attempt that it belongs to, so a worker that was thought dead
can't settle what another has taken over.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from banshi import Platform, text_in
from mobile_push.models import Device
from mobile_push.provider import Push
from mobile_push.settings import PushSettings


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed delivery with what has to be sent."""

    id: int
    attempts: int
    device: str
    #: The device's address, as its provider issued it; "" where there is nothing to send any more.
    token: str
    #: Unix seconds at which the message came to be.
    since: float
    #: None where there is nothing to send any more; `code` then says why.
    push: Push | None
    code: str = ""
    #: `time.monotonic()` of the claim: the lease runs from here.
    claimed: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a job."""

    job: Job
    state: str
    code: str
    provider_message: str = ""
    #: Seconds until the next attempt, for one that stays due.
    wait: float = 0.0


class Queue:
    """The deliveries of one provider."""

    def __init__(self, platform: Platform, provider: str, settings: PushSettings) -> None:
        self._store = platform.store
        self._provider = provider
        self._settings = settings

    async def claim(self, limit: int) -> list[Job]:
        """Take up to `limit` due deliveries, the oldest first."""
        store = self._store
        lease, provider, most = store.placeholders(3)
        claim = (
            f"UPDATE push_delivery SET attempts = attempts + 1, lease_until = {store.clock} + {lease} WHERE id IN ("  # noqa: S608 - marks, not values
            f"SELECT id FROM push_delivery WHERE provider = {provider} AND state = 'due' "
            f"AND not_before <= {store.clock} AND lease_until <= {store.clock} ORDER BY id LIMIT {most} "
            f"{store.skip_locked}) RETURNING id"
        )
        values = [int(self._settings.lease * 1000), self._provider, limit]
        claimed = await store.connection.execute_query_dict(claim, values)
        if not claimed:
            return []
        marks = ", ".join(store.placeholders(len(claimed)))
        read = (
            "SELECT d.id, d.attempts, d.device_id, d.expires, v.token, v.language, m.id AS message, m.kind, m.title, "  # noqa: S608
            f"m.link, {store.clock} AS now FROM push_delivery d "
            "JOIN push_inbox_message m ON m.id = d.message_id "
            # A phone that is somebody else's by now gets nothing more of its former owner's.
            "LEFT JOIN push_device v ON v.id = d.device_id AND v.person = m.person "
            f"WHERE d.id IN ({marks}) ORDER BY d.id"
        )
        rows = await store.connection.execute_query_dict(read, [row["id"] for row in claimed])
        return [self._job(row) for row in rows]

    def _job(self, row: Mapping[str, Any]) -> Job:
        # Rounded up: a message in its last second is still one.
        left = -((row["now"] - row["expires"]) // 1000)
        since = row["expires"] / 1000 - self._settings.ttl
        gone = "forgotten" if row["token"] is None else "expired" if left <= 0 else ""
        push = None if gone else self._push(row, int(left))
        token = "" if gone else row["token"]
        return Job(row["id"], row["attempts"], str(row["device_id"]), token, since, push, gone)

    def _push(self, row: Mapping[str, Any], ttl: int) -> Push:
        titles = self._settings.case_title if row["kind"] == "case" else _parsed(row["title"])
        return Push(
            message_id=str(row["message"]),
            title=text_in(titles, row["language"]),
            body="",
            link=row["link"],
            kind=row["kind"],
            ttl=ttl,
            collapse_key=None,
            priority="normal" if row["kind"] == "notice" else "high",
        )

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record outcomes; a device whose token is dead is forgotten."""
        store = self._store
        state, code, name, wait, identity, attempts, again = store.placeholders(7)
        sql = (
            f"UPDATE push_delivery SET state = {state}, code = {code}, provider_message = {name}, lease_until = 0, "  # noqa: S608
            f"not_before = {store.clock} + {wait}, settled_at = {store.clock} "
            f"WHERE id = {identity} AND attempts = {attempts} AND state = {again}"
        )
        values = [
            [
                one.state,
                one.code[:64],
                one.provider_message[:255],
                int(one.wait * 1000),
                one.job.id,
                one.job.attempts,
                "due",
            ]
            for one in settlements
        ]
        await store.connection.execute_many(sql, values)
        for one in settlements:
            if one.state == "dead" and one.job.push is not None:
                # Only as long as the device still has that token: it may have got a new one meanwhile.
                await Device.filter(id=one.job.device, token=one.job.token).delete()

    async def give_back(self, jobs: Sequence[Job]) -> None:
        """Release what was claimed and not tried, so that nobody waits for the lease to end."""
        if not jobs:
            return
        one, two = self._store.placeholders(2)
        sql = (
            "UPDATE push_delivery SET lease_until = 0, attempts = attempts - 1 "  # noqa: S608
            f"WHERE id = {one} AND attempts = {two} AND state = 'due'"
        )
        await self._store.connection.execute_many(sql, [[job.id, job.attempts] for job in jobs])


def _parsed(value: Any) -> Mapping[str, str]:
    texts: Mapping[str, str] = orjson.loads(value) if isinstance(value, str | bytes) else value
    return texts
