"""The fan-out of a broadcast: a walk over the phones of a provider by their ids, which leaves chunks to be sent behind.

The walk is claimed under a lease and check-pointed with every step, so that it goes on where a worker that was killed
had got to, and nothing is planned twice. Where a provider's topics have the audience, they take the place of the phones
that follow them, and only those that don't yet are walked. What it holds in memory is one step. Alerts are walked by a
worker of their own: none waits for a notice to a million phones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from banshi import Platform
from mobile_push.broadcasts.audience import Audience
from mobile_push.broadcasts.people import copies
from mobile_push.broadcasts.publication import PEOPLE
from mobile_push.delivery.chunk import CHUNK, bytes_for
from mobile_push.delivery.chunks import key
from mobile_push.delivery.lanes import Lane
from mobile_push.delivery.leases import free
from mobile_push.delivery.tell import log
from mobile_push.models import Broadcast, Chunk
from mobile_push.settings import PushSettings
from mobile_push.topics.rounds import topics_for

#: Phones looked at in one step, and people who get their copies in one.
STEP, COPIES = 8 * CHUNK, 256

#: Longest sleep in seconds when nothing is due: how late a fan-out may be that another process planned.
LONGEST_SLEEP = 1.0


class Planner:
    """Walks the fan-outs of some lanes."""

    def __init__(
        self, platform: Platform, settings: PushSettings, lanes: Sequence[Lane], planned: Callable[[], None]
    ) -> None:
        self.wake = asyncio.Event()
        self._platform = platform
        self._store = platform.store
        self._settings = settings
        self._lanes = lanes
        #: Called when there is something new to be sent.
        self._planned = planned

    async def run(self) -> None:
        """Plan until cancelled; what is begun is given back."""
        while True:
            self.wake.clear()
            try:
                claimed = await self._claim()
                if claimed is not None:
                    await self._walk(claimed)
                    continue
            except Exception as error:  # the database is away; what is due stays due, so keep asking
                log.error("fan-outs can't be planned", error=type(error).__name__)
            try:
                async with asyncio.timeout(LONGEST_SLEEP):
                    await self.wake.wait()
            except TimeoutError:
                pass

    async def _claim(self) -> Mapping[str, Any] | None:
        store = self._store
        lease, *lanes = store.placeholders(1 + len(self._lanes))
        sql = (
            f"UPDATE push_fan_out SET attempts = attempts + 1, lease_until = {store.clock} + {lease} WHERE id IN ("  # noqa: S608 - marks, not values
            f"SELECT id FROM push_fan_out WHERE state = 'due' AND lane IN ({', '.join(lanes)}) "
            f"AND {free(store.clock, self._settings.lease)} ORDER BY lane, id LIMIT 1 {store.skip_locked}) "
            "RETURNING id, broadcast_id, provider, lane, through, attempts"
        )
        values = [int(self._settings.lease * 1000), *map(int, self._lanes)]
        rows = await store.connection.execute_query_dict(sql, values)
        return rows[0] if rows else None

    async def _walk(self, claimed: Mapping[str, Any]) -> None:
        """Go on with a fan-out to its end, or until it isn't ours any more."""
        broadcast = await Broadcast.get(id=claimed["broadcast_id"])
        audience = Audience.of(broadcast.audience)
        through = claimed["through"]
        if claimed["provider"] == PEOPLE:
            step = self._people
        else:
            step = partial(self._phones, topics=await self._topics(claimed, audience))
        try:
            while through is not None:
                through = await step(claimed, broadcast, audience, through)
                self._planned()
        except BaseException:
            # The server stops, or the database is away: the next worker need not wait for the lease to end.
            await asyncio.shield(self._give_back(claimed))
            raise

    async def _topics(self, claimed: Mapping[str, Any], audience: Audience) -> Sequence[str]:
        """The provider's topics that have the audience, but for phones with a change to come; none: walk them all."""
        if not claimed["through"]:
            return await topics_for(self._platform, claimed["provider"], claimed["lane"], audience)
        # As it was begun.
        sent = Chunk.filter(broadcast_id=claimed["broadcast_id"], provider=claimed["provider"]).exclude(topic="")
        return [str(one) for one in await sent.distinct().values_list("topic", flat=True)]

    async def _phones(
        self,
        claimed: Mapping[str, Any],
        broadcast: Broadcast,
        audience: Audience,
        through: str,
        topics: Sequence[str] = (),
    ) -> str | None:
        """Put the next phones into chunks; where it has got to, None at the end."""
        rows = await self._read(claimed["provider"], audience, through, topics)
        found = [row[0] for row in rows if row[3] or audience.covers(row[1], row[2])]
        devices = [bytes.fromhex(str(one).replace("-", "")) for one in found]
        last = str(rows[-1][0]) if rows else through
        ended = len(rows) < STEP
        made = partial(
            Chunk,
            broadcast_id=broadcast.id,
            provider=claimed["provider"],
            lane=claimed["lane"],
            expires=int(broadcast.expires_at.timestamp() * 1000),
        )
        # A topic is no phone, but has a bit as well.
        chunks = [made(devices=b"", done=bytes(1), size=0, topic=topic) for topic in topics if not through]
        for start in range(0, len(devices), CHUNK):
            some = devices[start : start + CHUNK]
            chunks.append(made(devices=b"".join(some), done=bytes(bytes_for(len(some))), size=len(some)))

        async def write(connection: BaseDBAsyncClient) -> None:
            if chunks:
                await Chunk.bulk_create(chunks, using_db=connection)

        return await self._advance(claimed, last, len(devices), ended, write)

    async def _read(self, provider: str, audience: Audience, through: str, topics: Sequence[str]) -> Sequence[Any]:
        """The next phones of the audience: id, latitude, longitude, whether it is in it for sure.

        With topics only those that are to follow one of them and don't yet.
        """
        store = self._store
        wanted, sure = audience.values, audience.sure_values
        marks = iter(store.placeholders(3 + len(sure) + len(topics) + len(wanted)))
        surely = audience.sure([next(marks) for _ in sure])
        phones, changed = "push_device d", "1 = 1"
        if topics:
            these = ", ".join(next(marks) for _ in topics)
            to_come = f"SELECT DISTINCT token_hash FROM push_topic_change WHERE topic IN ({these}) AND follow"  # noqa: S608
            # SQLite reads what stands first in a CROSS JOIN first: few changes, and not every phone.
            phones, changed = f"({to_come}) c CROSS JOIN push_device d", "d.token_hash = c.token_hash"
        which, after = next(marks), next(marks)
        condition = audience.condition([next(marks) for _ in wanted])
        sql = (
            f"SELECT d.id, d.latitude, d.longitude, CASE WHEN {surely} THEN 1 ELSE 0 END FROM {phones} "  # noqa: S608
            f"WHERE d.provider = {which} AND d.id > {after} AND {changed} AND {condition} "
            f"ORDER BY d.id LIMIT {next(marks)}"
        )
        position = UUID(through) if through else UUID(int=0)
        values = [*sure, *topics, provider, key(store.dialect, position), *wanted, STEP]
        _, rows = await store.connection.execute_query(sql, values)
        return rows

    async def _people(
        self, claimed: Mapping[str, Any], broadcast: Broadcast, audience: Audience, through: str
    ) -> str | None:
        """Give the next people their copies; where it has got to, None at the end."""
        assert audience.people is not None  # noqa: S101 - publication made this a walk over people
        persons = await copies(self._platform, self._settings, broadcast, audience.people, through, COPIES)
        last = persons[-1] if persons else through
        return await self._advance(claimed, last, len(persons), len(persons) < COPIES, _nothing)

    async def _advance(
        self,
        claimed: Mapping[str, Any],
        last: str,
        found: int,
        ended: bool,
        write: Callable[[BaseDBAsyncClient], Awaitable[None]],
    ) -> str | None:
        """Record a step with what it writes; where to go on, None at the end and where the walk isn't ours any more."""
        store = self._store
        through, more, state, lease, identity, attempts = store.placeholders(6)
        planned = store.clock if ended else "NULL"
        sql = (
            f"UPDATE push_fan_out SET through = {through}, found = found + {more}, state = {state}, "  # noqa: S608
            f"lease_until = {store.clock} + {lease}, planned_at = {planned} "
            f"WHERE id = {identity} AND attempts = {attempts} AND state = 'due'"
        )
        values = [last, found, "done" if ended else "due", int(self._settings.lease * 1000)]
        async with in_transaction() as connection:
            count, _ = await connection.execute_query(sql, [*values, claimed["id"], claimed["attempts"]])
            if not count:
                return None
            await write(connection)
        return None if ended else last

    async def _give_back(self, claimed: Mapping[str, Any]) -> None:
        one, two = self._store.placeholders(2)
        sql = f"UPDATE push_fan_out SET lease_until = 0 WHERE id = {one} AND attempts = {two} AND state = 'due'"  # noqa: S608
        await self._store.connection.execute_query(sql, [claimed["id"], claimed["attempts"]])


async def _nothing(_: BaseDBAsyncClient) -> None:
    """A step whose writing is done already, and may be done twice."""
