"""The couriers of one channel: each takes what waits, spends a window, sends it, and records what became of it.

One is for what is said in chats, one for notices, so that neither waits behind the other. A notice goes as the
provider's own where the channel makes one, and else in a window; one that the provider doesn't take ends, and what it
tells of is promised in the chat with the same write.

A message is marked before it is sent. Whoever is killed between the mark and the record leaves one of which nobody
knows whether it was sent; that is what its row says then, and it isn't sent again. Where an answer is lost it isn't
either, but for what is worth saying for a while alone. A provider that knows a message again is sent it again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from banshi import Key, Platform, Stale, Update, Write
from banshi.sdk.database import MAX_SLEEP_S, quoted
from banshi.sdk.operations import UnderWay, place_of, woken, working
from banshi.sdk.outgoing import Retry
from conversations.outbound import saying, windows
from conversations.outbound.answers import GIVEN_UP, UNREACHABLE, became
from conversations.outbound.saying import MAX_CODE_CHARS, MAX_ID_CHARS
from conversations.outbound.sender import OUTLETS, Accepted, Later, Outcome, Outlet, Refused, Sender, Shut, Unknown
from conversations.outbound.states import before
from conversations.outbound.ways import SEND_S, Way, Ways
from conversations.tables.models import ContactLink, Said

log = structlog.get_logger("banshi.conversations")

#: Messages that are on their way at once, in chats and as notices.
MAX_AT_ONCE, MAX_NOTICES_AT_ONCE = 32, 8

#: Seconds after which a worker that said nothing counts as dead.
LEASE_S = 60.0

#: Tries in all where a refusal isn't final, or an answer is lost, and the pauses between them.
MAX_REFUSALS, RETRY = 6, Retry(2.0, 64.0)

#: When what couldn't be sent is tried again.
LATER = Retry(1.0, 16.0)

#: For so long a notice may wait for its provider before it is said in the chat instead.
NOTICE_WAITS = timedelta(minutes=10)

#: Seconds that sends under way get to finish when the server stops.
DRAIN_S = 5.0


class Courier:
    """Sends for one channel: what is said in its chats, or its notices."""

    def __init__(self, platform: Platform, outlet: Outlet, sender: Sender, *, notices: bool = False) -> None:
        self.wake = asyncio.Event()
        self._platform, self._ways = platform, Ways(platform, outlet, sender)
        self._channel, self._knows_again, self._outlet = outlet.channel, outlet.knows_again, outlet
        self._most = MAX_NOTICES_AT_ONCE if notices else MAX_AT_ONCE
        self._speakers = ("notice",) if notices else ("engine", "officer")
        failed = partial(log.error, "a message was left", channel=outlet.channel)
        self._under_way = UnderWay(self.wake, failed)
        #: How far the database's clock is ahead of the monotonic one.
        self._ahead_ms = 0.0
        #: In SQL, which messages are its own.
        by = ", ".join(quoted(one) for one in self._speakers)
        self._own = f"channel = {quoted(outlet.channel)} AND state = 'waiting' AND \"by\" IN ({by})"
        store = platform.store
        due = f"conversations_said WHERE {self._own} AND not_before <= {store.clock} AND lease_until <= {store.clock}"
        store.pulse.when(f"said: {outlet.channel} {self._speakers[0]}", due, self.wake.set)

    async def run(self) -> None:
        """Send until cancelled; then finish what is under way."""
        try:
            while True:
                self.wake.clear()
                if not await self._look():
                    await woken(self.wake, MAX_SLEEP_S)
        finally:
            await asyncio.shield(self._under_way.drain(DRAIN_S))

    async def _look(self) -> bool:
        """Take what is due; False where there is nothing, or no room for it."""
        try:
            await self._note_unknown()
            rows = await self._claim(self._most - len(self._under_way))
        except Exception as error:  # the database is away: what waits goes on waiting
            log.error("what is to be said can't be read", channel=self._channel, error=type(error).__name__)
            return False
        for row in rows:
            self._under_way.begin(self._deliver(row))
        return bool(rows)

    # -- claiming ------------------------------------------------------------------------------------------------

    async def _claim(self, most: int) -> Sequence[Said]:
        """Up to `most` that are due, of each contact the one that was promised first."""
        if most <= 0:
            return ()
        store = self._platform.store
        lease, limit = store.placeholders(2)
        sql = (
            f"UPDATE conversations_said SET attempts = attempts + 1, lease_until = {store.clock} + {lease} "  # noqa: S608
            f"WHERE id IN (SELECT id FROM conversations_said s WHERE {self._own} "
            f"AND NOT is_sending AND not_before <= {store.clock} AND lease_until <= {store.clock} AND {store.not_held} "
            f"AND NOT EXISTS (SELECT 1 FROM conversations_said WHERE {self._own} "
            "AND conversation_id = s.conversation_id AND id < s.id) "
            f"ORDER BY id LIMIT {limit} {store.skip_locked}) RETURNING id, {store.clock} AS now"
        )
        rows = await store.connection.execute_query_dict(sql, [int(LEASE_S * 1000), most])
        if not rows:
            return ()
        self._ahead_ms = int(rows[0]["now"]) - time.monotonic() * 1000
        found = [UUID(str(row["id"])) for row in rows]
        return await Said.filter(id__in=found).order_by("id").prefetch_related("conversation")

    async def _note_unknown(self) -> None:
        """Of what was on its way when its worker died nobody knows what became of it."""
        store = self._platform.store
        sql = f"SELECT id FROM conversations_said WHERE {self._own} AND is_sending AND lease_until <= {store.clock}"  # noqa: S608
        rows = await store.connection.execute_query_dict(sql)
        if not rows:
            return
        log.warning("a worker died while it sent", channel=self._channel, messages=len(rows))
        for said in await Said.filter(id__in=[UUID(str(row["id"])) for row in rows]).prefetch_related("conversation"):
            back = await windows.spent_for(said, LEASE_S) if self._knows_again else ()
            try:
                changed = _unsure(said.window) if self._knows_again else {"state": "unknown"}
                await self._settle(said, changed, back, is_sending=True)
            except Stale:
                continue  # it was noted at the same moment
            except Exception as error:  # it is noted at the next look; what waits doesn't wait for that
                log.error("what became of a message can't be written", error=type(error).__name__)

    # -- sending -------------------------------------------------------------------------------------------------

    async def _deliver(self, said: Said) -> None:
        why = await self._why_not(said)
        ways = () if why else await self._ways.of(said)
        if isinstance(ways, Later):
            await self._record(said, Way(), ways)
            return
        words, rest = saying.in_parts(said, self._outlet)
        if rest and ways and not ways[0].notice:
            with suppress(Stale):  # somebody else has it by now
                # It comes again at once, and the others behind it.
                await self._settle(said, {"words": words, "kind": ""}, instead=rest)
            return
        none = {"state": "unknown" if said.code == windows.UNSURE else "shut"}
        way = await self._begun(said, ways, {"state": "refused", "code": why} if why else none)
        if way is None or way.send is None:
            return
        outcome: Outcome = Unknown()
        try:
            async with asyncio.timeout(SEND_S):
                outcome = await way.send()
        except Exception as error:
            log.error("a send failed", channel=self._channel, error=type(error).__name__, where=place_of(error))
        await self._record(said, way, outcome)
        if isinstance(outcome, Accepted) and outcome.id:
            # It may have said what became of it before the row knew its id.
            await saying.settle(self._platform, said.conversation.account, outcome.id)

    async def _why_not(self, said: Said) -> str:
        """Why it isn't to be sent after all; "" where it is."""
        if said.code == GIVEN_UP:
            return GIVEN_UP
        link = {"conversation_id": said.conversation_id, "person": said.person, "ended_at": None}
        if said.person and not await ContactLink.exists(**link):
            return "unbound"
        return "over" if said.until is not None and said.until <= self._platform.now() else ""

    async def _begun(self, said: Said, ways: Sequence[Way], otherwise: Mapping[str, Any]) -> Way | None:
        """Mark it as on its way, with what is spent for it; None where it isn't to be sent after all."""
        for way in ways:
            try:
                await self._settle(said, {"is_sending": True, "window": way.window, "code": said.code}, way.spends)
            except Stale as stale:
                if stale.args[0].model is Said:
                    return None  # somebody else has it by now
                if way.notice:
                    # Somebody has just spent the last of what was wanted: that is asked for again.
                    await self._settle(said, self._again(0))
                    return None
            else:
                return way
        await self._settle(said, {"code": said.code, **otherwise})
        return None

    async def _record(self, said: Said, way: Way, outcome: Outcome) -> None:
        """Write down what came of it, however long the database is away."""
        changed, beside = self._changes(said, way, outcome)
        fails = changed.get("state") == "refused" or (changed.get("state") == "unknown" and said.until is not None)
        instead = [saying.in_chat(self._platform, said)] if way.notice and fails else []
        while True:
            try:
                with suppress(Stale):
                    await self._settle(said, changed, beside, instead)
                break
            except Exception as error:
                log.error("what became of a message can't be written", error=type(error).__name__)
            await asyncio.sleep(LATER.first_s)
        # Behind what is given back: that nothing more is wanted is the provider's last word.
        if way.notice and way.notice.refused and isinstance(outcome, Refused):
            try:
                await way.notice.refused(outcome)
            except Exception as error:
                log.error("a refusal was not noted", error=type(error).__name__, where=place_of(error))

    def _changes(self, said: Said, way: Way, outcome: Outcome) -> tuple[Mapping[str, Any], Sequence[Update]]:
        """What that makes of the message, and of what was spent for it."""
        again = {"refusals": said.refusals + 1, **self._again(RETRY.pause(said.refusals + 1))}
        is_last = said.refusals + 1 >= MAX_REFUSALS
        match outcome:
            case Accepted(identity):
                return {"state": "accepted", "provider_id": identity[:MAX_ID_CHARS]}, ()
            case Refused(code, why, final, counted):
                told = {"code": code[:MAX_CODE_CHARS], "why": {"en": why} if isinstance(why, str) else dict(why)}
                back = () if counted else way.gives_back
                return told | ({"state": "refused"} if final or is_last else again), back
            case Later(at, code) if way.notice and at and at - self._platform.now() > NOTICE_WAITS:
                return {"state": "refused", "code": code[:MAX_CODE_CHARS]}, way.gives_back
            case Later(at):
                wait = LATER.pause(said.attempts) if at is None else (at - self._platform.now()).total_seconds()
                return self._again(wait), way.gives_back
            case Shut() if way.notice:
                return {"state": "refused", "code": "shut"}, way.gives_back
            case Shut() if not way.shuts:
                return {"state": "shut"}, ()
            case Shut():
                # Another window may be open: the next try finds it, or none.
                return self._again(0), way.shuts
        # Of what is worth saying for a while alone, such as an alert, twice is better than not at all: a notice is said
        # in the chat, too.
        is_tried_again = (said.until is not None or self._knows_again) and not is_last and not way.notice
        if not is_tried_again:
            return {"state": "unknown"}, ()
        # Who knows it again counts it once, however often it is sent: so the next try spends it anew.
        return again | _unsure(way.window), way.gives_back if self._knows_again else ()

    def _again(self, seconds: float) -> dict[str, Any]:
        """Try it again after so many seconds, by the database's clock."""
        return {"not_before": int(time.monotonic() * 1000 + self._ahead_ms + seconds * 1000)}

    async def _settle(
        self,
        said: Said,
        changed: Mapping[str, Any],
        beside: Sequence[Update] = (),
        instead: Sequence[Said] = (),
        **own: Any,
    ) -> None:
        """Change a message that is still ours, with what is said in its place. Raises Stale."""
        where: dict[str, Any] = {"id": said.id, "attempts": said.attempts, "state": "waiting", **own}
        if "state" in changed:
            del where["state"]
            where["state__in"] = before(changed["state"])
            if changed["state"] == "shut" and said.words.get("file"):
                # It goes with no answer to a message of theirs, and its upload stays for a day alone.
                changed = {**changed, "state": "refused", "code": UNREACHABLE}
            changed = {**changed, "settled_at": self._platform.now()}
        if not changed.get("is_sending"):
            changed = {**changed, "is_sending": False, "lease_until": 0}
        told = await became(self._platform, said, changed)
        await self._platform.store.commit(Write.of(Update(Said, where, changed), *beside, *instead, *told))


def _unsure(window: str) -> dict[str, Any]:
    """Where it was sent in a message's own window it goes in no other: nobody would know it again there."""
    return {"code": windows.UNSURE} if window.startswith(windows.OWN) else {}


@asynccontextmanager
async def open_couriers(platform: Platform) -> AsyncIterator[list[Courier]]:
    """Two couriers for each channel, where this process works off what was promised."""
    couriers = [
        Courier(platform, outlet, outlet.sender(platform), notices=notices)
        for _, outlet in platform.registry.offered(OUTLETS)
        for notices in (False, True)
        if outlet.sender and "case" in platform.duty.lanes
    ]
    for one in couriers:
        platform.store.on_rows(Said, one.wake.set)
    async with working("conversations-couriers", *(one.run for one in couriers)):
        yield couriers


COURIERS: Key[list[Courier]] = Key("conversations' couriers")
