"""New rows of a table told live, as server-sent events: each to whoever follows the room that one of its columns names.

Each process reads the rows once for all who follow there. Ids are UUIDv7 of several machines' clocks: what may still
come behind the last one is read again, and told once.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web
from tortoise.models import Model
from tortoise.queryset import QuerySet
from uuid_utils.compat import uuid7

from banshi.builtin.identity.ended import ENDED_SESSIONS, Held, held
from banshi.builtin.limits.senders import Senders
from banshi.builtin.live.event_stream import comeback, cut, event_stream, is_taken
from banshi.builtin.sentences import say
from banshi.foundation.background import woken, working
from banshi.foundation.errors import InvalidParameter, TooManyRequests
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.routes import Call, Parameter
from banshi.kernel.runtime.running import Platform

#: Seconds until it is looked without having been woken; a sign of life; for a reader that takes nothing.
LOOK_S, ALIVE_S, STALLED_S = 2.0, 15.0, 30.0
#: For which events gather; for which another machine's may still come behind; and after which nobody goes on.
GATHER_S, LATE_S, BACK_S = 0.02, 10.0, 3_600.0
#: Streams of one process and of one person, and events that wait for one of them, and are read at once.
MAX_STREAMS, MAX_EACH, MAX_BEHIND, ROWS_AT_ONCE = 2_000, 4, 1_000, 200

#: The room of whoever follows all of them.
EVERY_ROOM = ""

#: The header with which a stream goes on where it broke.
LAST_EVENT = Parameter("Last-Event-ID", {"type": "string", "format": "uuid"}, "Goes on after that event.", "header")
#: The same for a browser's first request, which has no such header.
AFTER_EVENT = Parameter("after", LAST_EVENT.schema, "Goes on after that event, without the header.")
#: By which sign-in of ours a request follows, where that is no token's: the stream ends with it.
HELD = web.RequestKey("banshi_held", Held)


@dataclass(eq=False, slots=True)
class Follower:
    """One person's stream."""

    person: str
    rooms: frozenset[str]
    events: deque[tuple[UUID, bytes]] = field(default_factory=deque)
    #: What they have been told on coming back.
    known: frozenset[UUID] = frozenset()
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    is_behind: bool = False

    def tell(self, identity: UUID, data: bytes) -> None:
        self.is_behind |= len(self.events) >= MAX_BEHIND
        self.events.append((identity, data))
        self.wake.set()

    def take(self) -> bytes:
        """What has not been told."""
        told = b"".join(data for identity, data in self.events if identity not in self.known)
        self.events.clear()
        return told


async def nothing_private(_: Sequence[Any]) -> Mapping[UUID, tuple[str, bytes]]:
    return {}


def stamped(row: Any) -> None:
    """Its id is made in the moment that it is written: streams go on behind the last one that they have told."""
    row.id = uuid7()


@dataclass(eq=False, slots=True)
class LiveRows:
    """Who follows a table in this process, and what they have been told. Its keys are UUIDv7."""

    platform: Platform
    #: The table with what is read beside it, such as `DeskEvent.all().prefetch_related("enquiry")`.
    table: QuerySet[Any]
    #: The column that says whom a row is for.
    room: str
    #: A row as a server-sent event, its id in front.
    written: Callable[[Any], bytes]
    #: Of some rows, what one person alone is told in place of that: by id, the person and the event.
    private: Callable[[Sequence[Any]], Awaitable[Mapping[UUID, tuple[str, bytes]]]] = nothing_private
    #: Streams of one person, or of one address of the internet, in this process.
    most: int = MAX_EACH
    stamp: Callable[[Any], None] = stamped
    _followers: set[Follower] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _told: set[UUID] = field(default_factory=set)
    _senders: Senders = field(default_factory=Senders)

    @property
    def _clock(self) -> Callable[[], float]:
        # The platform's time may be a test's, and ids are of the real one.
        return self.platform.store.shared_clock.seconds

    @property
    def _model(self) -> type[Model]:
        return self.table.model

    @asynccontextmanager
    async def running(self, name: str) -> AsyncIterator[LiveRows]:
        """Tell what is new while the block runs; nobody waits any more once the server closes."""
        self.platform.store.before_insert(self._model, self.stamp)
        self.platform.store.on_rows(self._model, self._wake.set)
        async with working(name, self._run, self._end):
            yield self

    async def _run(self) -> None:
        since = self._clock()
        while True:
            followed = bool(self._followers)
            await woken(self._wake, LOOK_S if followed else None)
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            now = self._clock()
            if self._followers:
                # What came while nobody followed is told to nobody.
                await self._read(since if followed else now)
            since = now

    async def _end(self) -> None:
        await self.platform.closing.wait()
        for follower in self._followers:
            follower.wake.set()

    async def _read(self, since: float) -> None:
        ids: Any = await self._model.filter(id__gt=first_id(since - LATE_S)).values_list("id", flat=True)
        new = [one for one in ids if one not in self._told]
        for begin in range(0, len(new), ROWS_AT_ONCE):
            rows = await self.table.filter(id__in=new[begin : begin + ROWS_AT_ONCE]).order_by("id")
            private = await self.private(rows)
            for row in rows:
                data, room = self.written(row), getattr(row, self.room)
                whose, own = private.get(row.id, ("", data))
                for follower in self._followers:
                    if follower.rooms & {room, EVERY_ROOM}:
                        follower.tell(row.id, own if follower.person == whose else data)
        late = first_id(since - 2 * LATE_S)
        self._told = {one for one in {*self._told, *new} if one > late}

    @property
    def rooms(self) -> set[str]:
        """Those that somebody follows here."""
        return {room for follower in self._followers for room in follower.rooms}

    def tell(self, room: str, data: bytes) -> None:
        """Tell whoever follows that room here an event that is no row's; nobody is told it on coming back."""
        for follower in self._followers:
            if room in follower.rooms:
                follower.tell(uuid7(), data)

    def _address(self, remote: str | None) -> str:
        """Whose the stream is of somebody of whom nothing is known: their address's, by a digest; from a network of the
        operator's own, such as that of a proxy, which counts its callers itself, nobody's."""
        is_own = not remote or not ip_address(remote).is_global
        return f"nobody:{uuid7() if is_own else self._senders.known(remote).hex()}"

    @contextmanager
    def _follow(self, person: str, rooms: Collection[str]) -> Iterator[Follower]:
        if sum(one.person == person for one in self._followers) >= self.most or len(self._followers) >= MAX_STREAMS:
            raise TooManyRequests(say("Too many streams are open; close one."), headers={"Retry-After": "5"})
        follower = Follower(person, frozenset(rooms))
        self._followers.add(follower)
        self._wake.set()
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def answer(self, call: Call, rooms: Collection[str], known: bytes = b"") -> web.StreamResponse:
        """Let the caller follow these rooms until their token ends, or whoever has none for an hour, told first what is
        `known`, in events that are no row's; `Last-Event-ID` goes on where it broke.

        The route has `LAST_EVENT` among its parameters, and may have `AFTER_EVENT`. Raises InvalidParameter and
        TooManyRequests.
        """
        last, ends_at = _last_seen(call), int(call.now.timestamp() + BACK_S)
        person = call.caller or Principal(self._address(call.request.remote), expires_at=ends_at)
        with self._follow(person.subject, rooms) as follower:
            response = await event_stream(call.request)
            missed = [comeback(), known]
            if last is not None:
                now = self._clock()
                # A machine whose clock was ahead has made ids behind which nothing comes for that long.
                after = first_id(now - BACK_S) if last > first_id(now + LATE_S) else max(last, first_id(now - BACK_S))
                these = {} if EVERY_ROOM in rooms else {f"{self.room}__in": list(rooms)}
                rows = await self.table.filter(id__gt=after, **these).order_by("id")
                private = (await self.private(rows)).items()
                own = {one: data for one, (whose, data) in private if whose == person.subject}
                missed += [own.get(row.id) or self.written(row) for row in rows]
                follower.known = frozenset(row.id for row in rows)
            ends = time.monotonic() + person.expires_at - self.platform.now().timestamp()
            if call.request.method != "HEAD":
                await self._tell(call.request, response, follower, b"".join(missed), ends)
        return response

    async def _tell(
        self, request: web.Request, response: web.StreamResponse, follower: Follower, data: bytes, ends: float
    ) -> None:
        """Write until the token ends or was ended, the server closes, or the reader takes nothing."""
        begun = request.get(HELD) or held(follower.person, self._clock())
        ended = self.platform[ENDED_SESSIONS]
        while not ended.is_over(begun):
            if not await is_taken(request, response, data, STALLED_S):
                return None
            if follower.is_behind:
                return cut(request)
            if self.platform.closing.is_set() or time.monotonic() >= ends:
                return None
            told = await woken(follower.wake, ALIVE_S)
            follower.wake.clear()
            data = follower.take() if told else b": alive\n\n"
        return None


def server_event(row: Any, document: Any) -> bytes:
    """A row that has `what` happened as a server-sent event of that name."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (str(row.id).encode(), row.what.encode(), orjson.dumps(document))


def first_id(at: float) -> UUID:
    """The lowest UUIDv7 of that moment, in Unix seconds."""
    return UUID(int=int(at * 1000) << 80)


def _last_seen(call: Call) -> UUID | None:
    """The last event that they have. Raises InvalidParameter."""
    header = call.request.headers.get(LAST_EVENT.name) or call.query.get(AFTER_EVENT.name)
    try:
        return UUID(header) if header else None
    except ValueError:
        raise InvalidParameter(parameter=LAST_EVENT.name) from None
