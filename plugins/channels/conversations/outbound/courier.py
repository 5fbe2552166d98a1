"""The courier of one channel: takes what waits, spends a window, sends it, and records what became of it.

A message is marked before it is sent. Whoever is killed between the mark and the record leaves one of which nobody
knows whether it was sent; that is what its row says then, and it isn't sent again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from banshi import Key, Platform, Stale, Update, Write
from banshi.sdk.database import as_stored
from banshi.sdk.operations import Jobs, UnderWay, place_of, woken, working
from conversations.contents import Reply
from conversations.outbound import windows
from conversations.outbound.sender import OUTLETS, Accepted, Later, Outbound, Outcome, Outlet, Refused, Shut, Unknown
from conversations.outbound.states import before
from conversations.tables.models import ContactLink, Said, Window

log = structlog.get_logger("banshi.conversations")

#: Messages that are on their way at once, and seconds that one may take.
MAX_AT_ONCE, SEND_S = 32, 15.0

#: Seconds after which a worker that said nothing counts as dead.
LEASE_S = 60.0

#: Longest sleep in seconds: how late a row may be that another process wrote.
MAX_SLEEP_S = 1.0

#: Refusals that weren't final after which one is, and seconds until the second try; each pause is twice the last.
MAX_REFUSALS, RETRY_S = 6, 2.0

#: Letters that are kept of a provider's id and of its code.
MAX_ID_CHARS, MAX_CODE_CHARS = 128, 64

#: For a channel that has none.
NO_WINDOW = Window(kind="")

#: Seconds that sends under way get to finish when the server stops.
DRAIN_S = 5.0


class Courier:
    """Sends for one channel."""

    def __init__(self, platform: Platform, outlet: Outlet) -> None:
        self.wake = asyncio.Event()
        self._platform = platform
        self._channel = outlet.channel
        self._sender = outlet.sender(platform)
        failed = partial(log.error, "a message was left", channel=outlet.channel)
        self._under_way = UnderWay(self.wake, failed)
        #: How far the database's clock is ahead of this machine's.
        self._ahead_ms = 0.0

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
            rows = await self._claim(MAX_AT_ONCE - len(self._under_way))
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
        lease, channel, limit = store.placeholders(3)
        sql = (
            f"UPDATE conversations_said SET attempts = attempts + 1, lease_until = {store.clock} + {lease} "  # noqa: S608
            f"WHERE id IN (SELECT id FROM conversations_said s WHERE channel = {channel} AND state = 'waiting' "
            f"AND NOT is_sending AND not_before <= {store.clock} AND lease_until <= {store.clock} AND {store.not_held} "
            "AND NOT EXISTS (SELECT 1 FROM conversations_said b "
            "WHERE b.conversation_id = s.conversation_id AND b.state = 'waiting' AND b.id < s.id) "
            f"ORDER BY id LIMIT {limit} {store.skip_locked}) RETURNING id, {store.clock} AS now"
        )
        rows = await store.connection.execute_query_dict(sql, [int(LEASE_S * 1000), self._channel, most])
        if not rows:
            return ()
        self._ahead_ms = int(rows[0]["now"]) - time.time() * 1000
        found = [UUID(str(row["id"])) for row in rows]
        return await Said.filter(id__in=found).order_by("id").prefetch_related("conversation")

    async def _note_unknown(self) -> None:
        """Of what was on its way when its worker died nobody knows what became of it."""
        store, own = self._platform.store, {"channel": self._channel, "state": "waiting", "is_sending": True}
        if not await Said.filter(**own).exists():
            return
        now, channel = store.placeholders(2)
        sql = (
            f"UPDATE conversations_said SET state = 'unknown', settled_at = {now} WHERE channel = {channel} "  # noqa: S608
            f"AND state = 'waiting' AND is_sending AND lease_until <= {store.clock} RETURNING id"
        )
        moment = as_stored(Said, "settled_at", self._platform.now())
        if lost := await store.connection.execute_query_dict(sql, [moment, self._channel]):
            log.warning("a worker died while it sent", channel=self._channel, unknown=len(lost))

    # -- sending -------------------------------------------------------------------------------------------------

    async def _deliver(self, said: Said) -> None:
        window = await self._begun(said)
        if window is None:
            return
        to = said.conversation
        outbound = Outbound(
            id=str(said.id),
            account=to.account,
            contact=to.contact,
            reply=Reply.of(said.words),
            window=window.kind,
        )
        outcome: Outcome = Unknown()
        try:
            async with asyncio.timeout(SEND_S):
                outcome = await self._sender.send(outbound)
        except Exception as error:
            log.error("a send failed", channel=self._channel, error=type(error).__name__, where=place_of(error))
        await self._record(said, window, outcome)

    async def _begun(self, said: Said) -> Window | None:
        """Mark it as on its way, with a window spent for it; None where it isn't to be sent after all."""
        if said.person and not await ContactLink.exists(
            conversation_id=said.conversation_id, person=said.person, ended_at=None
        ):
            await self._settle(said, {"state": "refused", "code": "unbound"})
            return None
        now = self._platform.now()
        if said.until is not None and said.until <= now:
            await self._settle(said, {"state": "refused", "code": "over"})
            return None
        for window in await windows.usable(said.conversation_id, now) if self._sender.has_windows else [NO_WINDOW]:
            spent = [] if window is NO_WINDOW else [windows.spending(window, now)]
            try:
                await self._settle(said, {"is_sending": True, "window": window.kind}, spent)
            except Stale as stale:
                if stale.args[0].model is Said:
                    return None  # somebody else has it by now
            else:
                return window
        await self._settle(said, {"state": "shut"})
        return None

    async def _record(self, said: Said, window: Window, outcome: Outcome) -> None:
        """Write down what came of it, however long the database is away."""
        changed, beside = self._changes(said, window, outcome)
        while True:
            try:
                return await self._settle(said, changed, [] if window is NO_WINDOW else beside)
            except Stale:
                return None
            except Exception as error:
                log.error("what became of a message can't be written", error=type(error).__name__)
            await asyncio.sleep(MAX_SLEEP_S)

    def _changes(self, said: Said, window: Window, outcome: Outcome) -> tuple[Mapping[str, Any], Sequence[Update]]:
        """What that makes of the message, and of its window."""
        match outcome:
            case Accepted(identity):
                return {"state": "accepted", "provider_id": identity[:MAX_ID_CHARS]}, ()
            case Refused(code, why, final, counted):
                told = {"code": code[:MAX_CODE_CHARS], "why": {"en": why} if isinstance(why, str) else dict(why)}
                again = {"refusals": said.refusals + 1, **self._again(RETRY_S * 2**said.refusals)}
                is_over = final or said.refusals + 1 >= MAX_REFUSALS
                return told | ({"state": "refused"} if is_over else again), () if counted else (
                    windows.giving_back(window),
                )
            case Later(at):
                return self._again((at - self._platform.now()).total_seconds()), (windows.giving_back(window),)
            case Shut():
                # Another window may be open: the next try finds it, or none.
                return self._again(0), (windows.shutting(window),)
        return {"state": "unknown"}, ()

    def _again(self, seconds: float) -> dict[str, Any]:
        """Try it again after so many seconds, by the database's clock."""
        return {"not_before": int(time.time() * 1000 + self._ahead_ms + seconds * 1000)}

    async def _settle(self, said: Said, changed: Mapping[str, Any], beside: Sequence[Update] = ()) -> None:
        """Change a message that is still ours. Raises Stale."""
        where: dict[str, Any] = {"id": said.id, "attempts": said.attempts, "state": "waiting"}
        if "state" in changed:
            del where["state"]
            where["state__in"] = before(changed["state"])
            changed = {**changed, "settled_at": self._platform.now()}
        if not changed.get("is_sending"):
            changed = {**changed, "is_sending": False, "lease_until": 0}
        await self._platform.store.commit(Write([Update(Said, where, changed), *beside]))


@asynccontextmanager
async def open_couriers(platform: Platform) -> AsyncIterator[list[Courier]]:
    """A courier for each channel, where this process works off what was promised."""
    couriers = [Courier(platform, outlet) for _, outlet in platform.registry.offered(OUTLETS)]
    if "case" not in platform.duty.lanes:
        couriers = []
    for one in couriers:
        platform.store.on_rows(Said, one.wake.set)
    async with working("conversations-couriers", *(one.run for one in couriers)):
        yield couriers


COURIERS: Key[list[Courier]] = Key("conversations' couriers")


async def _waiting(_: Any) -> Mapping[str, int]:
    return {SORT: await Said.filter(state="waiting", is_sending=False).count()}


async def _drop(_: Any, _sort: str, moment: int) -> int:
    """Give up what was promised before a moment, in milliseconds since 1970."""
    due = Said.filter(state="waiting", is_sending=False, at__lt=datetime.fromtimestamp(moment / 1000, UTC))
    return int(await due.update(state="refused", code="given-up"))


#: What waits while everything that goes out is held.
SORT = "messages"
HELD = Jobs(_waiting, _drop)
