"""The fan-out of a broadcast: a walk over the phones of a provider by their ids, which leaves chunks to be sent behind.

The walk is claimed under a lease and check-pointed with every step, so that it goes on where a worker that was killed
had got to, and nothing is planned twice. Where a provider's topics have the audience, they take the place of the phones
that follow them, and only the others are walked: those that don't follow yet, and for a notice those whose owners mind.
A notice is walked when its topics are done with. What it holds in memory is one step. Alerts are walked by a worker of
their own: none waits for a notice to a million phones.
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
from banshi.sdk.database import as_read, as_stored
from banshi.sdk.operations import traced, woken
from mobile_push.audience.audience import Audience
from mobile_push.audience.topic_names import DONE_WITH_TOPICS, in_round, language_of, minded_topic, not_by, topics_for
from mobile_push.delivery.claims.chunk import CHUNK, HANDED, bytes_for
from mobile_push.delivery.claims.chunk_rows import key
from mobile_push.delivery.leases import free
from mobile_push.delivery.metrics import log
from mobile_push.delivery.reached import next_reached, under_way
from mobile_push.delivery.withdrawal import is_withdrawal
from mobile_push.inbox.common_log import PEOPLE
from mobile_push.inbox.copies import copies
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import Lane
from mobile_push.tables.models import Broadcast, Chunk, FanOut

#: Phones looked at in one step, and people who get their copies in one.
STEP, COPIES = 8 * CHUNK, 256

#: Longest sleep in seconds when nothing is due: how late a fan-out may be that another process planned, or one that
#: waited for its topics.
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
            await woken(self.wake, LONGEST_SLEEP)

    async def _claim(self) -> Mapping[str, Any] | None:
        store = self._store
        lease, *lanes = store.placeholders(1 + len(self._lanes))
        sql = (
            f"UPDATE push_fan_out SET attempts = attempts + 1, lease_until = {store.clock} + {lease} WHERE id IN ("  # noqa: S608 - marks, not values
            f"SELECT id FROM push_fan_out WHERE state = 'due' AND lane IN ({', '.join(lanes)}) "
            f"AND {free(store.clock, self._settings.lease)} AND {store.not_held} AND {DONE_WITH_TOPICS} "
            f"AND NOT {under_way(store.clock, self._settings.lease)} "
            f"ORDER BY lane, id LIMIT 1 {store.skip_locked}) "
            "RETURNING id, broadcast_id, provider, lane, through, attempts"
        )
        values = [int(self._settings.lease * 1000), *map(int, self._lanes)]
        rows = await store.connection.execute_query_dict(sql, values)
        return {**rows[0], "through": as_read(FanOut, "through", rows[0]["through"])} if rows else None

    async def _walk(self, claimed: Mapping[str, Any]) -> None:
        """Go on with a fan-out to its end, or until it isn't ours any more."""
        broadcast = await Broadcast.get(id=claimed["broadcast_id"])
        audience = Audience.of(broadcast.audience)
        through = claimed["through"]
        try:
            if is_withdrawal(broadcast):
                step: Any = self._reached
            elif claimed["provider"] == PEOPLE:
                step = self._people
            elif await self._handed_first(claimed, broadcast, audience):
                return
            else:
                step = partial(self._phones, topics=await self._topics(claimed, audience))
            about = {"provider": claimed["provider"], "lane": Lane(claimed["lane"]).name.lower()}
            with traced(self._platform, "broadcast plan", broadcast.trace, **about):
                while through is not None:
                    through = await step(claimed, broadcast, audience, through)
                    self._planned()
        except BaseException:
            # The server stops, or the database is away: the next worker need not wait for the lease to end.
            await asyncio.shield(self._give_back(claimed))
            raise

    async def _handed_first(self, claimed: Mapping[str, Any], broadcast: Broadcast, audience: Audience) -> bool:
        """Whether a notice goes to topics before its phones are walked, and has to wait for what becomes of that.

        Who begins or ceases to mind meanwhile is found by the walk. Were it the other way round, somebody who was
        passed by the walk, and minds when the topics' turn comes, would get it from neither.
        """
        if claimed["lane"] != Lane.NOTICE or claimed["through"]:
            return False
        chunks = await self._to_topics(claimed)
        if not chunks and self._settings.notices_a_day is None:
            topics = await topics_for(self._platform, claimed["provider"], Lane.NOTICE, audience)
            chunks = [self._to_topic(claimed, broadcast, topic) for topic in topics]
            if chunks:
                await self._advance(claimed, "", 0, False, partial(_add, chunks))
                self._planned()
        waits = any(one.state == "due" for one in chunks)
        if waits:
            await self._give_back(claimed)
        return waits

    async def _topics(self, claimed: Mapping[str, Any], audience: Audience) -> Sequence[str]:
        """The provider's topics that have phones of the audience: the walk is over all others. None: over all."""
        if claimed["lane"] == Lane.ALERT and not claimed["through"]:
            return await topics_for(self._platform, claimed["provider"], Lane.ALERT, audience)
        # As it was begun.
        sent = await self._to_topics(claimed)
        if claimed["lane"] == Lane.ALERT:
            return sorted({one.topic for one in sent})
        handed = sorted({one.topic for one in sent if HANDED in one.outcomes})
        if handed and not await in_round(self._platform, claimed["provider"], handed[0]):
            # Nobody has written down since when who follows: better twice than never.
            return []
        return handed

    async def _to_topics(self, claimed: Mapping[str, Any]) -> Sequence[Chunk]:
        """What there is of the broadcast for the provider's topics."""
        sent = Chunk.filter(broadcast_id=claimed["broadcast_id"], provider=claimed["provider"])
        return await sent.exclude(topic="")

    def _to_topic(self, claimed: Mapping[str, Any], broadcast: Broadcast, topic: str) -> Chunk:
        # A topic is no phone, but has a bit as well.
        return self._chunk(claimed, broadcast, devices=b"", done=bytes(1), size=0, topic=topic)

    def _chunk(self, claimed: Mapping[str, Any], broadcast: Broadcast, **values: Any) -> Chunk:
        return Chunk(
            broadcast_id=broadcast.id,
            provider=claimed["provider"],
            lane=claimed["lane"],
            reached=bytes(len(values["done"])),
            expires=int(broadcast.expires_at.timestamp() * 1000),
            **values,
        )

    async def _phones(
        self,
        claimed: Mapping[str, Any],
        broadcast: Broadcast,
        audience: Audience,
        through: str,
        topics: Sequence[str] = (),
    ) -> str | None:
        """Put the next phones into chunks; where it has got to, None at the end."""
        rows = await self._read(claimed, audience, through, topics)
        found = [row[0] for row in rows if row[3] or audience.covers(row[1], row[2])]
        devices = [bytes.fromhex(str(one).replace("-", "")) for one in found]
        last = str(rows[-1][0]) if rows else through
        ended = len(rows) < _most(through)
        first = topics if claimed["lane"] == Lane.ALERT and not through else ()
        chunks = self._chunks(claimed, broadcast, first, devices)
        return await self._advance(claimed, last, len(devices), ended, partial(_add, chunks))

    async def _reached(self, claimed: Mapping[str, Any], broadcast: Broadcast, _: Audience, through: str) -> str | None:
        """Put the next phones that have what is taken back into chunks; where it has got to, None at the end."""
        most = max(1, STEP // CHUNK)
        found = await next_reached(self._platform, claimed["provider"], broadcast, int(through or 0), most)
        chunks = self._chunks(claimed, broadcast, found.topics, found.devices)
        last = through if found.last is None else str(found.last)
        return await self._advance(claimed, last, len(found.devices), found.last is None, partial(_add, chunks))

    def _chunks(
        self, claimed: Mapping[str, Any], broadcast: Broadcast, topics: Sequence[str], devices: Sequence[bytes]
    ) -> list[Chunk]:
        chunks = [self._to_topic(claimed, broadcast, topic) for topic in topics]
        for start in range(0, len(devices), CHUNK):
            some = devices[start : start + CHUNK]
            done = bytes(bytes_for(len(some)))
            chunks.append(self._chunk(claimed, broadcast, devices=b"".join(some), done=done, size=len(some)))
        return chunks

    async def _read(
        self, claimed: Mapping[str, Any], audience: Audience, through: str, topics: Sequence[str]
    ) -> Sequence[Any]:
        """The next phones of the audience: id, latitude, longitude, whether it is in it for sure.

        With topics only those that aren't reached by one of them.
        """
        store = self._store
        wanted, sure = audience.values, audience.sure_values
        notice = bool(topics) and claimed["lane"] == Lane.NOTICE
        others = [*topics, minded_topic(topics[0]), *map(language_of, topics)] if notice else []
        marks = iter(store.placeholders(3 + len(sure) + len(others or topics) + len(wanted)))
        surely = audience.sure([next(marks) for _ in sure])
        phones, changed = "push_device d", "1 = 1"
        if topics and not notice:
            these = ", ".join(next(marks) for _ in topics)
            to_come = f"SELECT DISTINCT token_hash FROM push_topic_change WHERE topic IN ({these}) AND follow"  # noqa: S608
            # SQLite reads what stands first in a CROSS JOIN first: few changes, and not every phone.
            phones, changed = f"({to_come}) c CROSS JOIN push_device d", "d.token_hash = c.token_hash"
        which, after = next(marks), next(marks)
        if notice:
            changed = not_by(len(topics), [next(marks) for _ in others])
        condition = audience.condition([next(marks) for _ in wanted])
        sql = (
            f"SELECT d.id, d.latitude, d.longitude, CASE WHEN {surely} THEN 1 ELSE 0 END FROM {phones} "  # noqa: S608
            f"WHERE d.provider = {which} AND d.id > {after} AND {changed} AND {condition} "
            f"ORDER BY d.id LIMIT {next(marks)}"
        )
        position = UUID(through) if through else UUID(int=0)
        before, behind = ([], others) if notice else (topics, [])
        values = [*sure, *before, claimed["provider"], key(store.dialect, position), *behind, *wanted, _most(through)]
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
        place = as_stored(FanOut, "through", last)
        values = [place, found, "done" if ended else "due", int(self._settings.lease * 1000)]
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


def _most(through: str) -> int:
    """Phones of a step. The first is short: an alert's first phones wait for no others to be found."""
    return STEP if through else CHUNK


async def _add(chunks: Sequence[Chunk], connection: BaseDBAsyncClient) -> None:
    if chunks:
        await Chunk.bulk_create(chunks, using_db=connection)


async def _nothing(_: BaseDBAsyncClient) -> None:
    """A step whose writing is done already, and may be done twice."""
