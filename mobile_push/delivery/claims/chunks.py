"""Broadcasts on their way: chunks of phones that are claimed under a lease, sent and check-pointed.

What became of a phone sets its bit: it was sent, its token was dead, or it lies in another chunk by now, which is for
later (a refusal that may be tried again, quiet hours) or for an operator. So a worker that is killed repeats only what
it had not recorded, and one phone that is slow holds up no other.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from tortoise.transactions import in_transaction

from banshi import Platform
from banshi.sdk.operations import traced
from mobile_push.audience.topic_names import language_of, minded_known, minded_topic
from mobile_push.delivery.claims import delivery_job
from mobile_push.delivery.claims.chunk import (
    BY_TOKEN,
    HANDED,
    MAX_PHONES_A_CHUNK,
    Apart,
    Checkpoint,
    Open,
    bits,
    bucket_of,
)
from mobile_push.delivery.claims.chunk_rows import claimed_rows, keep, opened
from mobile_push.delivery.claims.delivery_job import DeliveryJob, may_have_arrived, pause_before
from mobile_push.delivery.claims.junction import Junction
from mobile_push.delivery.claims.verdicts import Verdicts
from mobile_push.delivery.phones import Phones
from mobile_push.delivery.withdrawal import is_withdrawal
from mobile_push.providers.provider import Outcome, Provider, Receipt
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import Lane, lanes_of, spans
from mobile_push.tables.models import Broadcast


class Chunks:
    """The broadcasts that go through one provider."""

    def __init__(
        self,
        platform: Platform,
        provider: Provider,
        settings: PushSettings,
        verdicts: Verdicts,
        name: str = "",
    ) -> None:
        self._platform = platform
        self._store = platform.store
        self._provider = name or provider.name
        self._junction = Junction(verdicts, self._provider)
        self._lease = settings.lease
        self._lanes = lanes_of(platform)
        self._phones = Phones(platform, self._provider, settings)
        self._open: dict[int, Open] = {}
        self._recording = asyncio.Lock()
        one, two = self._store.placeholders(2)
        self._released = (
            "UPDATE push_chunk SET lease_until = 0 "  # noqa: S608
            f"WHERE id = {one} AND attempts = {two} AND state IN ('due', 'recalled')"
        )
        #: Seconds for which a send may be begun after its chunk's lease was renewed.
        self._good_for = settings.lease - provider.longest_send

    async def claim(self, lane: Lane, limit: int) -> list[DeliveryJob]:
        """Take chunks of that lane and the ones before it, the urgent and oldest first: about `limit` deliveries."""
        claimed: list[DeliveryJob] = []
        for first, last in spans(self._lanes, lane):
            if len(claimed) < limit:
                claimed += await self._claim_between(first, last, limit - len(claimed))
        return claimed

    async def _claim_between(self, first: int, last: int, limit: int) -> list[DeliveryJob]:
        """Take chunks of these lanes."""
        rows = await claimed_rows(
            self._store, self._provider, self._lease, (first, last), max(1, limit // MAX_PHONES_A_CHUNK)
        )
        claimed: list[DeliveryJob] = []
        try:
            for row in rows:
                claimed += await self._unpack(row)
        except BaseException:
            # The database went away: nobody sends these, and their leases must end.
            for row in rows:
                if row["id"] in self._open:
                    self._open[row["id"]].lapsed = True
            raise
        return claimed

    async def _unpack(self, row: Mapping[str, Any]) -> list[DeliveryJob]:
        mine = self._open.get(row["id"])
        # Nobody else had it meanwhile, so that what we know of it is the newest.
        ours = mine is not None and not mine.lost and row["attempts"] == mine.attempts + 1
        if mine is not None and ours and not mine.lapsed:
            # The clock jumped, or the database was away, and our own lease had ended: it is on its way all the same.
            mine.attempts, mine.leased = row["attempts"], time.monotonic()
            return []
        broadcast = await self._phones.broadcast(row["broadcast_id"])
        chunk = opened(row, broadcast)
        about = {"provider": self._provider, "lane": chunk.lane.name.lower()}
        chunk.span = traced(self._platform, "push chunk", broadcast.trace, **about, phones=chunk.size)
        if mine is not None:
            mine.lost = True
            mine.ended()
            if ours:
                chunk.inherit(mine)
        places = chunk.open_places()
        chunk.left = len(places)
        # One that was done but for the word that it is.
        chunk.changed = chunk.changed or not places
        self._open[chunk.id] = chunk
        left = -((row["now"] - row["expires"]) // 1000)
        if left <= 0:
            for place in places:
                chunk.tick(place, "expired")
            return []
        return await self._parcels(chunk, broadcast, places, int(left))

    async def _parcels(self, chunk: Open, broadcast: Broadcast, places: Sequence[int], ttl: int) -> list[DeliveryJob]:
        """The chunk's phones as deliveries; those that are held back are ticked off."""
        if chunk.topic:
            return await self._to_topic(chunk, broadcast, ttl)
        # What takes something back makes no noise, and who got the one gets the other.
        lane = Lane.ALERT if chunk.quiet else chunk.lane
        devices = [chunk.device(place) for place in places]
        phones = await self._phones.read(lane, devices, broadcast.category)
        here: dict[str, list[DeliveryJob]] = defaultdict(list)
        for place, phone in (await self._junction.here(chunk, phones, places)).items():
            of_language = here[phone.language]
            # One and the same for all of them: it is encoded once, and they may go together.
            push = of_language[0].push if of_language else self._phones.push(broadcast, phone.language, ttl)
            of_language.append(DeliveryJob(push, phone.token, chunk.lane, self, (chunk, place), batch=chunk))
        return list(chain.from_iterable(here.values()))

    async def _to_topic(self, chunk: Open, broadcast: Broadcast, ttl: int) -> list[DeliveryJob]:
        """The message to a topic. Whether a notice may go there is asked each time that it is about to."""
        unless = ""
        if chunk.lane is Lane.NOTICE:
            unless = minded_topic(chunk.topic)
            if not is_withdrawal(broadcast) and (
                self._phones.counted or not await minded_known(self._platform, self._provider, chunk.topic)
            ):
                chunk.tick(0, BY_TOKEN)
                return []
        told = self._phones.push(broadcast, language_of(chunk.topic), ttl)
        return [DeliveryJob(told, chunk.topic, chunk.lane, self, (chunk, 0), topic=True, unless=unless)]

    def ready(self, delivery: DeliveryJob) -> bool:
        chunk: Open = delivery.key[0]
        if time.monotonic() - chunk.leased > self._good_for:
            chunk.lapsed = True
        going = not (chunk.lost or chunk.lapsed)
        (chunk.begun.add if going else chunk.begun.discard)(delivery.key[1])
        return going

    def settle(self, delivery: DeliveryJob, receipt: Receipt) -> None:
        chunk: Open = delivery.key[0]
        place: int = delivery.key[1]
        outcome = receipt.outcome
        chunk.begun.discard(place)
        if may_have_arrived(receipt):
            chunk.reach(place)
        if outcome in (Outcome.DEAD_TOKEN, Outcome.SPENT) and not chunk.topic:
            chunk.moving[place] = (delivery.token, receipt)
        elif outcome in (Outcome.REJECTED, Outcome.DEAD_TOKEN) or delivery_job.is_enough(chunk.tries, receipt):
            if chunk.topic and chunk.lane is Lane.NOTICE:
                # Its walk comes afterwards, and takes the phones of a topic that couldn't be had.
                chunk.tick(place, BY_TOKEN)
                return
            chunk.part(Apart("parked", receipt.code, place))
        else:
            # The same for all of them: what went together goes together again.
            pause = chunk.pauses.setdefault(receipt, pause_before(chunk.tries, receipt))
            chunk.part(Apart("due", receipt.code, place, pause))

    def accepted(self, deliveries: Sequence[DeliveryJob], _: Receipt) -> None:
        chunk: Open = deliveries[0].key[0]
        places = [delivery.key[1] for delivery in deliveries]
        took = (chunk.epoch + time.monotonic() * 1000 - chunk.published) / 1000
        chunk.seconds[bucket_of(took)] += len(places)
        # Whom a topic reaches is the provider's to know.
        chunk.outcomes[HANDED if chunk.topic else "accepted"] += len(places)
        chunk.left -= len(places)
        chunk.changed = True
        chunk.begun.difference_update(places)
        if (chunk.unsure or chunk.tries) and not chunk.topic:
            chunk.twice += sum(1 for place in places if chunk.unsure or bits(chunk.reached, place))
        done, reached = chunk.done, chunk.reached
        for place in places:
            bit = 1 << (place & 7)
            done[place >> 3] |= bit
            reached[place >> 3] |= bit
        if chunk.lane is Lane.NOTICE and not (chunk.topic or chunk.quiet):
            chunk.sent += places

    async def record(self) -> bool:
        """Check-point every chunk that has changed, and keep the lease of the others."""
        # To its end, and one after the other: what is split off twice is sent twice.
        return await asyncio.shield(self._record())

    async def _record(self) -> bool:
        async with self._recording:
            await self._junction.move(self._open.values())
            return await self._check_point()

    async def _check_point(self) -> bool:
        now = time.monotonic()
        due = [
            one
            for one in self._open.values()
            if one.changed or (not (one.lost or one.lapsed) and now - one.leased > self._lease / 4)
        ]
        if not due:
            await self._let_go()
            return False
        # In one order, as everybody who locks several rows: a recall does so too.
        checkpoints = [Checkpoint.of(one) for one in sorted(due, key=lambda one: one.id)]
        async with in_transaction() as connection:
            states = [await keep(self._store, connection, self._provider, self._lease, one) for one in checkpoints]
        for one, state in zip(checkpoints, states, strict=True):
            chunk = one.chunk
            chunk.lost = state is None or state == "recalled"
            chunk.recalled = state == "recalled"
            if state is not None:
                one.recorded()
            if not (chunk.lost or chunk.lapsed):
                chunk.leased = now
            if state is None or not (chunk.left or chunk.changed or chunk.recalled):
                self._close(chunk)
        await self._let_go()
        # What was under way when a broadcast was recalled, or a lease let go, has been told by now.
        ended = [one for one in self._open.values() if (one.lost or one.lapsed) and not one.changed]
        for chunk in [one for one in ended if now - one.leased > self._lease]:
            self._close(chunk)
        # What need not be in the transaction: count what each phone was sent.
        ours = [one for one, state in zip(checkpoints, states, strict=True) if state is not None]
        await self._phones.count([phone for one in ours for phone in one.sent])
        return any(phone.state == "due" for one in checkpoints for phone in one.apart)

    async def _let_go(self) -> None:
        """End the leases of what was recalled once all is written down: what takes it back need not wait for them."""
        chunks = [one for one in self._open.values() if one.recalled and not (one.changed or one.begun or one.moving)]
        await self._release(chunks)

    async def _release(self, chunks: Sequence[Open]) -> None:
        for chunk in chunks:
            self._close(chunk)
        if chunks:
            await self._store.connection.execute_many(self._released, [[one.id, one.attempts] for one in chunks])

    def _close(self, chunk: Open) -> None:
        chunk.ended()
        # Another claim of the same chunk may have taken its place.
        if self._open.get(chunk.id) is chunk:
            del self._open[chunk.id]

    async def give_back(self, given: Sequence[DeliveryJob]) -> None:
        """Release the chunks of deliveries that nobody sends now; what was recorded of them stays."""
        chunks: list[Open] = list(dict.fromkeys(delivery.key[0] for delivery in given))
        await self.record()
        for chunk in chunks:
            chunk.lost = True
        await self._release(chunks)
