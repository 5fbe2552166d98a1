"""The common log: the broadcasts that are public now, in order, as every inbox and every open stream reads them.

It is kept in memory, since there are few at a time, and read on from the database when something was published. Each
change of a broadcast gives it a new number, so a reader who goes on behind a number misses no recall either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from banshi import Platform, text_in
from mobile_push.audience.audience import Audience, Listener
from mobile_push.inbox import standings
from mobile_push.inbox.facts import of_broadcast
from mobile_push.inbox.standings import EVERYBODY
from mobile_push.tables.models import Broadcast

#: The provider of a walk over people instead of phones.
PEOPLE = ""


#: States in which a broadcast is in the log only to say that it is no longer there.
ENDED = frozenset({"recalled", "superseded"})


@dataclass(slots=True)
class Entry:
    """One broadcast in the log."""

    seq: int
    broadcast: Broadcast
    audience: Audience
    #: Seconds since 1970.
    expires: float
    timezone: Any
    _documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    _data: dict[str, bytes] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.broadcast.state in ENDED

    def document(self, language: str) -> dict[str, Any]:
        """As an app reads it; the cursor is the reader's own."""
        found = self._documents.get(language)
        if found is None:
            found = self._documents[language] = _document(self, language)
        return found

    def data(self, language: str) -> bytes:
        """The document as the data of an event, behind the cursor that the stream puts before it."""
        found = self._data.get(language)
        if found is None:
            found = self._data[language] = orjson.dumps(self.document(language))[1:] + b"\n\n"
        return found


class CommonLog:
    """What of the log matters now."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._entries: list[Entry] = []
        #: The last number that has been read from the database.
        self.top = 0

    async def read_on(self, before_new: Callable[[], Awaitable[None]] | None = None) -> list[Entry]:
        """Take in what was published since; the new entries, in order. One caller at a time.

        Where there are any, `before_new` is awaited first. If it raises, nothing was taken in.
        """
        now = self._platform.now()
        top = (await standings.tops(self._platform, [EVERYBODY])).get(EVERYBODY, 0)
        rows = await Broadcast.filter(seq__gt=self.top, seq__lte=top, expires_at__gt=now).order_by("seq")
        timezone = self._platform.settings.timezone
        found = [
            Entry(row.seq, row, Audience.of(row.audience), row.expires_at.timestamp(), timezone)
            for row in rows
            if row.seq is not None
        ]
        if found and before_new:
            await before_new()
        changed = {entry.broadcast.id for entry in found}
        kept = (one for one in self._entries if one.broadcast.id not in changed and one.expires > now.timestamp())
        self._entries = [*kept, *found]
        self.top = top
        return found

    def behind(self, number: int, listener: Listener) -> Iterator[Entry]:
        """The entries behind a number that are for somebody, the oldest first."""
        now = self._platform.now().timestamp()
        start = bisect_right(self._entries, number, key=lambda entry: entry.seq)
        for entry in self._entries[start:]:
            # Who has read nothing yet need not learn what is gone.
            if entry.expires > now and (number or not entry.ended) and entry.audience.includes(listener):
                yield entry


def _document(entry: Entry, language: str) -> dict[str, Any]:
    one = entry.broadcast
    category, severity = of_broadcast(one)
    local = datetime.fromtimestamp((one.published_at or 0) / 1000, UTC).astimezone(entry.timezone)
    document: dict[str, Any] = {
        "id": str(one.id),
        "kind": one.kind,
        # None is a case's; and what was done with it is each reader's own: the stream tells of that afterwards.
        **dict.fromkeys(("case", "item", "number", "read_at", "archived_at")),
        "state": one.state,
        "category": category or None,
        "severity": severity or None,
        "department": one.department,
        "title": "" if entry.ended else text_in(one.title, language),
        "body": "" if entry.ended else text_in(one.body, language),
        "link": one.link,
        "created_at": local.isoformat(timespec="milliseconds"),
        "expires_at": one.expires_at.astimezone(entry.timezone).isoformat(timespec="milliseconds"),
    }
    if not entry.ended:
        if one.content:
            document["content"] = text_in(one.content, language)
        if one.image:
            document["image"] = one.image
        if one.supersedes:
            document["supersedes"] = str(one.supersedes)
    return document
