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
from typing import Any, NamedTuple
from uuid import UUID

from tortoise.transactions import in_transaction

from banshi import Platform
from banshi.sdk.database import MAX_SLEEP_S, as_read, as_stored
from banshi.sdk.operations import traced, woken
from mobile_push.audience.audience import Audience
from mobile_push.audience.topic_names import DONE_WITH_TOPICS, in_round, not_by, topics_for
from mobile_push.delivery.claims.chunk import HANDED, MAX_PHONES_A_CHUNK, bytes_for
from mobile_push.delivery.leases import free
from mobile_push.delivery.metrics import log
from mobile_push.delivery.reached import next_reached, under_way
from mobile_push.delivery.withdrawal import is_withdrawal
from mobile_push.inbox.common_log import PEOPLE
from mobile_push.inbox.copies import copies
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import Lane
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast, Chunk, FanOut

#: Phones looked at in one step, and people who get their copies in one.
MAX_PHONES_A_STEP, MAX_COPIES_A_STEP = 8 * MAX_PHONES_A_CHUNK, 256

#: Seconds until fan-outs are asked for again where they couldn't be.
RETRY_S = 1.0


class Walk(NamedTuple):
    """A fan-out that is claimed."""

    id: int
    attempts: int
    provider: str
    lane: Lane
    #: Where an earlier claim has got to.
    through: str
    broadcast_id: Any


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
        mine, clock = ", ".join(str(int(lane)) for lane in lanes), self._store.clock
        platform.store.pulse.when(
            f"fan-outs: {mine}",
            f"push_fan_out WHERE state = 'due' AND lane IN ({mine}) AND {free(clock, settings.lease)} "
            f"AND {self._store.not_held}",
            self.wake.set,
        )

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
                await asyncio.sleep(RETRY_S)
            await woken(self.wake, MAX_SLEEP_S)

    async def _claim(self) -> Walk | None:
        store, mark = self._store, Marks(self._store)
        lease = mark(int(self._settings.lease * 1000))
        rows = await mark.rows(
            f"UPDATE push_fan_out SET attempts = attempts + 1, lease_until = {store.clock} + {lease} WHERE id IN ("  # noqa: S608 - marks, not values
            f"SELECT id FROM push_fan_out WHERE state = 'due' AND lane IN ({mark.each(map(int, self._lanes))}) "
            f"AND {free(store.clock, self._settings.lease)} AND {store.not_held} AND {DONE_WITH_TOPICS} "
            f"AND NOT {under_way(store.clock, self._settings.lease)} "
            f"ORDER BY lane, id LIMIT 1 {store.skip_locked}) "
            "RETURNING id, broadcast_id, provider, lane, through, attempts"
        )
        if not rows:
            return None
        row = rows[0]
        through = as_read(FanOut, "through", row["through"])
        return Walk(row["id"], row["attempts"], row["provider"], Lane(row["lane"]), through, row["broadcast_id"])

    async def _walk(self, walk: Walk) -> None:
        """Go on with a fan-out to its end, or until it isn't ours any more."""
        broadcast = await Broadcast.get(id=walk.broadcast_id)
        audience = Audience.of(broadcast.audience)
        through: str | None = walk.through
        try:
            if is_withdrawal(broadcast):
                step: Callable[[str], Awaitable[str | None]] = partial(self._reached, walk, broadcast)
            elif walk.provider == PEOPLE:
                step = partial(self._people, walk, broadcast, audience)
            elif await self._handed_first(walk, broadcast, audience):
                return
            else:
                step = partial(self._phones, walk, broadcast, audience, await self._topics(walk, audience))
            about = {"provider": walk.provider, "lane": walk.lane.name.lower()}
            with traced(self._platform, "broadcast plan", broadcast.trace, **about):
                while through is not None:
                    through = await step(through)
                    self._planned()
        except BaseException:
            # The server stops, or the database is away: the next worker need not wait for the lease to end.
            await asyncio.shield(self._give_back(walk))
            raise

    async def _handed_first(self, walk: Walk, broadcast: Broadcast, audience: Audience) -> bool:
        """Whether a notice goes to topics before its phones are walked, and has to wait for what becomes of that.

        Who begins or ceases to mind meanwhile is found by the walk. Were it the other way round, somebody who was
        passed by the walk, and minds when the topics' turn comes, would get it from neither.
        """
        if walk.lane is not Lane.NOTICE or walk.through:
            return False
        chunks = await self._to_topics(walk)
        if not chunks and self._settings.notices_a_day is None:
            topics = await topics_for(self._platform, walk.provider, Lane.NOTICE, audience)
            if chunks := self._chunks(walk, broadcast, topics, ()):
                await self._advance(walk, "", 0, chunks, ended=False)
                self._planned()
        waits = any(one.state == "due" for one in chunks)
        if waits:
            await self._give_back(walk)
        return waits

    async def _topics(self, walk: Walk, audience: Audience) -> Sequence[str]:
        """The provider's topics that have phones of the audience: the walk is over all others. None: over all."""
        if walk.lane is Lane.ALERT and not walk.through:
            return await topics_for(self._platform, walk.provider, Lane.ALERT, audience)
        # As it was begun.
        sent = await self._to_topics(walk)
        if walk.lane is Lane.ALERT:
            return sorted({one.topic for one in sent})
        handed = sorted({one.topic for one in sent if HANDED in one.outcomes})
        if handed and not await in_round(walk.provider, handed[0]):
            # Nobody has written down since when who follows: better twice than never.
            return []
        return handed

    async def _to_topics(self, walk: Walk) -> list[Chunk]:
        """What there is of the broadcast for the provider's topics."""
        return await Chunk.filter(broadcast_id=walk.broadcast_id, provider=walk.provider).exclude(topic="")

    async def _phones(
        self, walk: Walk, broadcast: Broadcast, audience: Audience, topics: Sequence[str], through: str
    ) -> str | None:
        """Put the next phones into chunks; where it has got to, None at the end."""
        rows = await self._read(walk, audience, through, topics)
        devices = [bytes.fromhex(str(row["id"]).replace("-", "")) for row in rows if audience.has(row)]
        last = str(rows[-1]["id"]) if rows else through
        ended = len(rows) < _most(through)
        first = topics if walk.lane is Lane.ALERT and not through else ()
        chunks = self._chunks(walk, broadcast, first, devices)
        return await self._advance(walk, last, len(devices), chunks, ended=ended)

    async def _reached(self, walk: Walk, broadcast: Broadcast, through: str) -> str | None:
        """Put the next phones that have what is taken back into chunks; where it has got to, None at the end."""
        most = max(1, MAX_PHONES_A_STEP // MAX_PHONES_A_CHUNK)
        found = await next_reached(self._platform, walk.provider, broadcast, int(through or 0), most)
        chunks = self._chunks(walk, broadcast, found.topics, found.devices)
        last = through if found.last is None else str(found.last)
        return await self._advance(walk, last, len(found.devices), chunks, ended=found.last is None)

    def _chunks(self, walk: Walk, broadcast: Broadcast, topics: Sequence[str], devices: Sequence[bytes]) -> list[Chunk]:
        made = partial(
            Chunk,
            broadcast_id=broadcast.id,
            provider=walk.provider,
            lane=walk.lane,
            expires=int(broadcast.expires_at.timestamp() * 1000),
        )
        # A topic is no phone, but has a bit as well.
        chunks = [made(devices=b"", done=bytes(1), reached=bytes(1), size=0, topic=topic) for topic in topics]
        for start in range(0, len(devices), MAX_PHONES_A_CHUNK):
            some = devices[start : start + MAX_PHONES_A_CHUNK]
            none = bytes(bytes_for(len(some)))
            chunks.append(made(devices=b"".join(some), done=none, reached=none, size=len(some)))
        return chunks

    async def _read(
        self, walk: Walk, audience: Audience, through: str, topics: Sequence[str]
    ) -> Sequence[Mapping[str, Any]]:
        """The next phones of the audience: id, latitude, longitude, whether it is in it for sure.

        With topics only those that aren't reached by one of them.
        """
        mark = Marks(self._store)
        phones, changed = "push_device d", "1 = 1"
        if topics and walk.lane is Lane.NOTICE:
            changed = not_by(topics, mark)
        elif topics:
            these = mark.each(topics)
            to_come = f"SELECT DISTINCT token_hash FROM push_topic_change WHERE topic IN ({these}) AND follow"  # noqa: S608
            # SQLite reads what stands first in a CROSS JOIN first: few changes, and not every phone.
            phones, changed = f"({to_come}) c CROSS JOIN push_device d", "d.token_hash = c.token_hash"
        position = UUID(through) if through else UUID(int=0)
        return await mark.rows(
            f"SELECT d.id, d.latitude, d.longitude, CASE WHEN {audience.sure(mark)} THEN 1 ELSE 0 END AS sure "  # noqa: S608
            f"FROM {phones} WHERE d.provider = {mark(walk.provider)} AND d.id > {mark(position)} "
            f"AND {changed} AND {audience.condition(mark)} "
            f"ORDER BY d.id LIMIT {mark(_most(through))}"
        )

    async def _people(self, walk: Walk, broadcast: Broadcast, audience: Audience, through: str) -> str | None:
        """Give the next people their copies; where it has got to, None at the end."""
        assert audience.people is not None  # noqa: S101 - publication made this a walk over people
        persons = await copies(self._platform, self._settings, broadcast, audience.people, through, MAX_COPIES_A_STEP)
        last = persons[-1] if persons else through
        # The copies are written already, and may be written twice.
        return await self._advance(walk, last, len(persons), (), ended=len(persons) < MAX_COPIES_A_STEP)

    async def _advance(self, walk: Walk, last: str, found: int, chunks: Sequence[Chunk], *, ended: bool) -> str | None:
        """Record a step with its chunks; where to go on, None at the end and where the walk isn't ours any more."""
        store, mark = self._store, Marks(self._store)
        planned = store.clock if ended else "NULL"
        sql = (
            f"UPDATE push_fan_out SET through = {mark(as_stored(FanOut, 'through', last))}, "  # noqa: S608
            f"found = found + {mark(found)}, state = {mark('done' if ended else 'due')}, "
            f"lease_until = {store.clock} + {mark(int(self._settings.lease * 1000))}, planned_at = {planned} "
            f"WHERE id = {mark(walk.id)} AND attempts = {mark(walk.attempts)} AND state = 'due'"
        )
        async with in_transaction() as connection:
            if not await mark.change(sql, connection):
                return None
            if chunks:
                await Chunk.bulk_create(chunks, using_db=connection)
        return None if ended else last

    async def _give_back(self, walk: Walk) -> None:
        await FanOut.filter(id=walk.id, attempts=walk.attempts, state="due").update(lease_until=0)


def _most(through: str) -> int:
    """Phones of a step. The first is short: an alert's first phones wait for no others to be found."""
    return MAX_PHONES_A_STEP if through else MAX_PHONES_A_CHUNK
