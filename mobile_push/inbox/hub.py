"""The open streams. What goes to many is written to each directly; what goes to one wakes the stream's own task.

A stream knows how far its phone has been written to. A phone that reads too slowly gets nothing more until it has
caught up: its task then reads on behind that place, so nothing is skipped and nothing is kept in memory for it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from banshi.sdk.sign_in import Held
from mobile_push.audience.audience import Listener
from mobile_push.inbox.common_log import CommonLog, Entry
from mobile_push.tables.cursor import Cursor

#: Bytes that may wait for a phone to be read. A whole page of the inbox fits.
MAX_BACKLOG_BYTES = 262_144

#: Streams that are looked at or written to before others get their turn.
MAX_STREAMS_A_TURN = 256

ALIVE = b": alive\n\n"

#: In place of what has not been read yet.
UNKNOWN = Listener()

#: Of a stream that nothing ends before its token does.
UNENDED = Held(0, ())


@dataclass(slots=True, eq=False)
class Stream:
    """One phone's open connection."""

    person: str
    language: str
    cursor: Cursor
    transport: asyncio.Transport
    #: Whether the answer is sent in chunks, as HTTP/1.1 does.
    chunked: bool
    #: `time.monotonic()` at which the caller's token expires.
    ends: float
    #: What ends it before, with its person's sessions.
    held: Held = UNENDED
    #: What of the person decides which broadcasts are theirs. Until it is known, the stream is not current.
    listener: Listener = UNKNOWN
    #: There may be something new in the person's own log.
    personal: bool = False
    #: There may be something new in what the person has done with their messages.
    changed: bool = False
    #: Where the phone was when it came, and the last change then; None once it knows what was done with what it has.
    arrived: Cursor | None = None
    #: It has been told everything in the common log that is for it.
    current: bool = False
    ending: bool = False
    #: `time.monotonic()` of the last writing; never before the head of the answer is sent.
    written: float = math.inf
    #: Since when its phone has not read all that was written; 0.0 when it has.
    stalled: float = 0.0
    #: What the stream's task waits for while it has nothing to do. An Event for each would cost three times as much.
    _news: asyncio.Future[None] | None = None

    @property
    def full(self) -> bool:
        return self.transport.get_write_buffer_size() > MAX_BACKLOG_BYTES

    def write(self, data: bytes) -> None:
        """Hand bytes to the connection, without waiting."""
        if self.transport.is_closing():
            self.end()
            return
        self.written = time.monotonic()
        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)

    def tell(self, entry: Entry) -> None:
        """Write an entry of the common log."""
        self.cursor = self.cursor._replace(common=entry.seq)
        self.write(event(self.cursor, entry.data(self.language)))

    async def news(self) -> None:
        """Wait until there is something to do. The caller has just seen that there is nothing."""
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def end(self) -> None:
        self.ending = True
        self.wake()

    def cut(self) -> None:
        """End it at once, whatever it is waiting for: the phone comes back with the last id that it has."""
        self.ending = True
        self.transport.abort()
        self.wake()


class Hub:
    """All open streams of this process."""

    def __init__(self, log: CommonLog, most: int) -> None:
        self.log = log
        self._most = most
        self._streams: dict[str, list[Stream]] = defaultdict(list)
        #: Open streams that a broadcast was written to as it came out, until a report's keeper takes the figure.
        self.written: Counter[UUID] = Counter()
        self.told = asyncio.Event()

    @contextmanager
    def open(self, stream: Stream) -> Iterator[Stream]:
        """Listen for a person. One too many ends the oldest: its phone has left unnoticed."""
        streams = self._streams[stream.person]
        streams.append(stream)
        if len(streams) > self._most:
            streams.pop(0).cut()
        try:
            yield stream
        finally:
            # Whoever holds it in a list of all writes no more to a connection that may serve another request by now.
            stream.ending = True
            left = [one for one in self._streams.pop(stream.person, ()) if one is not stream]
            if left:
                self._streams[stream.person] = left

    def _of(self, persons: Iterable[str]) -> list[Stream]:
        return [stream for person in persons for stream in self._streams.get(person, ())]

    def wake(self, persons: Iterable[str]) -> None:
        """There may be something new in the own logs of these persons."""
        for stream in self._of(persons):
            stream.personal = True
            stream.wake()

    def wake_changed(self, persons: Iterable[str]) -> None:
        """These persons have read, archived or deleted something."""
        for stream in self._of(persons):
            stream.changed = True
            stream.wake()

    def cut(self, persons: Iterable[str]) -> None:
        """End these persons' streams at once."""
        for stream in self._of(persons):
            stream.cut()

    def listens(self, person: str) -> bool:
        """Whether a person has a stream open."""
        return person in self._streams

    def persons(self) -> list[str]:
        """Who has a stream open."""
        return list(self._streams)

    def changed(self, person: str, listener: Listener) -> None:
        """A person follows something else, or is somewhere else, from now on."""
        for stream in self._streams.get(person, ()):
            stream.listener = listener

    async def publish(self, entries: Iterable[Entry]) -> None:
        """Write new entries of the common log to every stream that they are for."""
        for entry in entries:
            audience, seq = entry.audience, entry.seq
            for position, stream in enumerate(self.all()):
                if position % MAX_STREAMS_A_TURN == MAX_STREAMS_A_TURN - 1:
                    await asyncio.sleep(0)
                if not stream.current or stream.cursor.common >= seq:
                    continue
                if stream.ending or not audience.includes(stream.listener):
                    continue
                if stream.full:
                    stream.current = False
                    stream.wake()
                    continue
                stream.tell(entry)
                if not entry.ended:
                    self.written[entry.broadcast.id] += 1
                    self.told.set()

    def all(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]

    def __len__(self) -> int:
        return sum(map(len, self._streams.values()))


def event(cursor: Cursor, data: bytes, name: bytes = b"message") -> bytes:
    """One server-sent event: JSON has no line breaks of its own. `data` is the rest of the document behind a brace."""
    text = str(cursor).encode()
    return b'id: %b\nevent: %b\ndata: {"cursor":"%b",%b' % (text, name, text, data)
