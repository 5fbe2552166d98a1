"""What was ended before its time: tokens, streams and chats' links from before that moment let nobody in any more.

Each process has the list in memory, so that no request waits for it. It reads what others have noted as soon as signals
tell of it, and every `LOOK_S` where there are none. An entry leaves once no token from before it can be good any more.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import structlog
from tortoise.models import Model

from banshi.builtin.identity.models import EndedSession
from banshi.foundation.background import woken, working
from banshi.foundation.database.bulk import delete
from banshi.foundation.database.pulse import MAX_SLEEP_S
from banshi.foundation.database.writes import Statement, Update, Write
from banshi.foundation.keys import Key
from banshi.foundation.logs import Absence
from banshi.kernel.loading.settings import Settings
from banshi.kernel.runtime.running import Platform

log = structlog.get_logger("banshi.sessions")

#: Seconds until what another process has noted is read, where no signal tells of it, and between two looks at most.
LOOK_S, GATHER_S = 5.0, 0.1

#: Milliseconds by which a transaction may come after the moment that its rows bear.
LATE_MS = 30_000

#: Entries at most. One more ends everybody's sessions in their place: memory stays bounded, and nobody is let in.
MAX_ENDED = 100_000

#: Seconds between two looks for entries that can leave memory.
PRUNE_S = 600.0

#: Seconds after which a logout token is too old to be taken, so that used ones need not be kept for longer.
MAX_LOGOUT_AGE_S = 600

#: The longest that a token of `banshi token` lives, and what differing clocks may add to any token's life, in seconds.
YEAR_S, CLOCKS_APART_S = 366 * 86_400, 300

#: Of whom an entry is: all that a person has, one session at the provider, or what a person has of no known session.
Sort = Literal["person", "session", "of no session", "logout"]
EVERYBODY = "everybody"


def key_of(sort: Sort, text: str) -> str:
    """What an entry is found by."""
    return hashlib.blake2b(f"{sort}\0{text}".encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody holds of a sign-in: a token, a stream, a ticket."""

    #: Unix seconds; 0 where nobody knows.
    since: int
    #: The entries that would end it.
    keys: tuple[str, ...]


def held(subject: str, since: float, session: str = "") -> Held:
    """What a person holds since then, by the provider's id of the session where that is known.

    Of what it isn't known for, each session of the person may be the one: it ends with any of them.
    """
    own = key_of("session", session) if session else key_of("of no session", subject)
    return Held(int(since), (EVERYBODY, key_of("person", subject), own))


def keys_of(person: str, session: str) -> Collection[str]:
    """The entries that end a session, or all of a person's where none is named; one of both may be ""."""
    if not session:
        return (key_of("person", person),)
    return (key_of("session", session), *([key_of("of no session", person)] if person else ()))


@dataclass(slots=True)
class EndedSessions:
    """The list as this process knows it."""

    #: Seconds after which an entry can go.
    life: float = YEAR_S
    #: By entry, the Unix second up to which it counts.
    until: dict[str, int] = field(default_factory=dict)
    #: The last moment that was read, in milliseconds of the database's clock.
    _read: int = 0
    _pruned: float = field(default_factory=time.monotonic)

    @property
    def everybody(self) -> int:
        """The second up to which everybody's sessions are ended; -1 where they never were."""
        return self.until.get(EVERYBODY, -1)

    def is_over(self, held: Held) -> bool:
        """Whether what somebody holds was ended."""
        return any(held.since <= self.until.get(key, -1) for key in held.keys)

    def note(self, entries: Mapping[str, int]) -> None:
        """Know these from now on."""
        before = self.everybody
        whole = max(before, entries.get(EVERYBODY, -1))
        for key, moment in entries.items():
            # What everybody's end covers needs no entry.
            if key == EVERYBODY or moment > whole:
                self.until[key] = max(moment, self.until.get(key, -1))
        if whole > before:
            self._leave(whole - 1)

    async def look(self) -> None:
        """Read what was noted since the last look."""
        since = EndedSession.filter(until__gt=0, noted_at__gte=self._read - LATE_MS)
        rows = await since.values_list("id", "until", "noted_at")
        self.note({str(key): int(until) for key, until, _ in rows})
        self._read = max((int(noted) for _, _, noted in rows), default=self._read)
        if time.monotonic() - self._pruned > PRUNE_S:
            self._pruned = time.monotonic()
            self._leave(int(time.time() - self.life))

    def _leave(self, moment: int) -> None:
        self.until = {key: until for key, until in self.until.items() if until > moment}


#: What was ended, for whoever goes on from a sign-in without asking for its token again.
ENDED_SESSIONS: Key[EndedSessions] = Key("ended sessions")

#: What ends, at that moment, with a person's sessions, or with everybody's (None).
Ends = Callable[[str | None, datetime], Sequence[Update]]

#: Plugins that know somebody without a token, such as by a chat, offer how that is ended, for the same transaction.
END_WITH_SESSIONS: Key[Ends] = Key("end with sessions")


async def end_sessions(
    platform: Platform, person: str | None, session: str = "", *, until: int | None = None, once: Sequence[Model] = ()
) -> None:
    """End what was issued to a person up to now, or up to `until`, in Unix seconds; this process lets none of it in.

    `person` is None for everybody, and "" where only `session` is known, the provider's id of one session. `once` is
    written with it. Raises tortoise's IntegrityError where that is there already.
    """
    now = await platform.store.milliseconds()
    until = now // 1000 if until is None else until
    known = platform.get(ENDED_SESSIONS)
    keys = (EVERYBODY,) if person is None else keys_of(person, session)
    if known is not None and len(known.until) >= MAX_ENDED:
        log.error("so many sessions were ended that all are: everybody has to sign in anew", entries=len(known.until))
        keys, until = (EVERYBODY,), max(until, now // 1000)
    elif known is not None and until <= known.everybody:
        keys = (EVERYBODY,)
    # The update tells whoever listens that rows have changed; of what is there or not, the statement makes the entries.
    updates = [Update(EndedSession, {"id__in": list(keys), "until__lt": until}, {"noted_at": now}, rows=None)]
    if person != "":
        # By our own clock, as links are: nobody knows in which session a chat was bound, so it ends with any of them.
        moment = datetime.fromtimestamp(now / 1000, UTC)
        updates += [one for _, ends in platform.offered(END_WITH_SESSIONS) for one in ends(person, moment)]
    await platform.store.commit(Write(updates, once, statement=_noted(platform, keys, until, now)))
    if known is not None:
        known.note(dict.fromkeys(keys, until))
    if EVERYBODY in keys:
        await delete(EndedSession.filter(until__gt=0, until__lte=until).exclude(id=EVERYBODY))


def _noted(platform: Platform, keys: Collection[str], until: int, now: int) -> Statement:
    """What makes entries, or lets them count for longer: of two processes at once neither takes back the other's."""
    # In one order, so that two with the same keys never wait for each other.
    values = [value for key in sorted(keys) for value in (key, until, now)]
    marks = platform.store.placeholders(len(values))
    rows = ", ".join(f"({', '.join(marks[place : place + 3])})" for place in range(0, len(marks), 3))
    sql = (
        f"INSERT INTO banshi_ended_session (id, until, noted_at) VALUES {rows} ON CONFLICT (id) DO UPDATE "  # noqa: S608 - marks
        "SET until = excluded.until, noted_at = excluded.noted_at WHERE banshi_ended_session.until < excluded.until"
    )
    return Statement(sql, values)


def logout_row(token: str, now: int) -> EndedSession:
    """What keeps a logout token from being taken twice."""
    return EndedSession(id=key_of("logout", token), until=0, noted_at=now)


def longest_life(settings: Settings) -> float:
    """Seconds after which no token from before is good, whatever it says."""
    return (settings.identity.token_max_life if settings.identity else YEAR_S) + CLOCKS_APART_S


async def forget_old_endings(platform: Platform) -> None:
    """Delete what ends nothing any more, and logout tokens that are too old to be taken."""
    now = await platform.store.milliseconds()
    await delete(EndedSession.filter(until=0, noted_at__lt=now - 2_000 * MAX_LOGOUT_AGE_S))
    await delete(EndedSession.filter(until__gt=0, until__lt=now // 1000 - int(longest_life(platform.settings))))


@asynccontextmanager
async def open_ended(platform: Platform) -> AsyncIterator[EndedSessions]:
    """The list, known before the first request is answered."""
    ended, wake = EndedSessions(longest_life(platform.settings)), asyncio.Event()
    platform.store.on_rows(EndedSession, wake.set)
    # Those of the last minute, which are others once one was written late.
    recent = f"until > 0 AND noted_at > {platform.store.clock} - {2 * LATE_MS}"
    lately = f"SELECT COUNT(*) || '/' || SUM(noted_at) FROM banshi_ended_session WHERE {recent}"  # noqa: S608 - ours
    platform.store.pulse.changes("ended sessions", lately, wake.set, LOOK_S)
    absence = Absence(log, "what others end can't be read", "what others end is read again")

    async def follow() -> None:
        while True:
            await woken(wake, MAX_SLEEP_S)
            wake.clear()
            try:
                await ended.look()
            except Exception as error:
                absence.begin(error)
            else:
                absence.end()
            await asyncio.sleep(GATHER_S)

    await ended.look()
    async with working("banshi-ended-sessions", follow):
        yield ended
