"""Which process sends to which receiver: each receiver is one process's alone, for as long as its lease lasts.

A process that is killed leaves leases that end by themselves, by the database's clock. Processes say that they live,
and each takes its part of the receivers: what one has too many it gives back, for others to take.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from uuid import UUID

from banshi import Platform

from ..models import Sender, Subscription

#: Seconds between two renewals, in which another process's changes are seen as well.
RENEW_EVERY_S = 2.0


class Leases:
    """The leases of one process."""

    def __init__(self, platform: Platform, seconds: float) -> None:
        self.name = secrets.token_hex(8)
        self.seconds = seconds
        self._platform = platform
        self._length = int(seconds * 1000)
        #: Those that there are, as of the last look.
        self.receivers = 1

    async def share(self) -> int:
        """Say that this process lives; how many receivers are its part."""
        store = self._platform.store
        mark, clock = store.placeholders(1)[0], store.clock
        seen = (
            f"INSERT INTO webhooks_sender (id, seen) VALUES ({mark}, {clock}) "  # noqa: S608
            "ON CONFLICT (id) DO UPDATE SET seen = excluded.seen"
        )
        await store.connection.execute_query(seen, [self.name])
        # One that was seen far later than now was seen before the clock was set back; it says so again if it lives.
        gone = f"seen < {clock} - {20 * self._length} OR seen > {clock} + {2 * self._length}"
        await store.connection.execute_query(f"DELETE FROM webhooks_sender WHERE {gone}")  # noqa: S608
        count = (
            f"SELECT (SELECT COUNT(*) FROM webhooks_sender WHERE seen > {clock} - {self._length}) AS senders, "  # noqa: S608
            "(SELECT COUNT(*) FROM webhooks_subscription WHERE state = 'active') AS receivers"
        )
        row = (await store.connection.execute_query_dict(count))[0]
        self.receivers = int(row["receivers"])
        return math.ceil(int(row["receivers"]) / max(1, int(row["senders"])))

    async def claim(self, most: int) -> Sequence[Subscription]:
        """Take free receivers, as many at most."""
        store = self._platform.store
        mark, clock = store.placeholders(1)[0], store.clock
        # A lease that ends far later than it could was taken before the clock was set back.
        free = f"(lease_until <= {clock} OR lease_until > {clock} + {2 * self._length})"
        sql = (
            f"UPDATE webhooks_subscription SET lease_until = {clock} + {self._length}, term = term + 1 "  # noqa: S608
            f"WHERE id IN (SELECT id FROM webhooks_subscription WHERE state = 'active' AND {free} AND {store.not_held} "
            f"ORDER BY id LIMIT {mark} {store.skip_locked}) RETURNING id"
        )
        rows = await store.connection.execute_query_dict(sql, [most])
        return await self.read([UUID(str(row["id"])) for row in rows])

    async def renew(self, held: Sequence[tuple[UUID, int]]) -> Sequence[Subscription]:
        """Keep what is held, each with its term; the receivers that are still ours, as they are now."""
        store = self._platform.store
        if not held or not (await store.connection.execute_query_dict(f"SELECT {store.not_held} AS free"))[0]["free"]:
            return ()
        one, two = store.placeholders(2)
        sql = (
            f"UPDATE webhooks_subscription SET lease_until = {store.clock} + {self._length} "  # noqa: S608
            f"WHERE id = {one} AND term = {two} AND state = 'active'"
        )
        await store.connection.execute_many(sql, [[str(name), term] for name, term in held])
        terms = dict(held)
        return [row for row in await self.read(list(terms)) if row.term == terms[row.id] and row.state == "active"]

    async def release(self, held: Sequence[tuple[UUID, int]]) -> None:
        """Give receivers back, so that nobody waits for the lease to end."""
        store = self._platform.store
        one, two = store.placeholders(2)
        sql = f"UPDATE webhooks_subscription SET lease_until = 0 WHERE id = {one} AND term = {two}"  # noqa: S608
        if held:
            await store.connection.execute_many(sql, [[str(name), term] for name, term in held])

    async def leave(self) -> None:
        """This process sends no more."""
        await Sender.filter(id=self.name).delete()

    async def read(self, names: Sequence[UUID]) -> Sequence[Subscription]:
        return await Subscription.filter(id__in=names).order_by("id") if names else ()
