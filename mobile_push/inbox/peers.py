"""What the other processes tell this one's open streams, so that a phone may be connected to any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from banshi import Platform
from banshi.sdk.events import SIGNALS
from mobile_push.inbox import standings
from mobile_push.inbox.hub import Hub

#: There is something new in these persons' own logs; what these persons wish, or where they are, has changed; these
#: persons are forgotten; there is something new in the common log; these persons have read, archived or deleted; a
#: broadcast is being written.
INBOX, WISHES, GONE, LOG, CHANGED = "push.inbox", "push.wishes", "push.gone", "push.log", "push.changed"
SOON = "push.soon"

#: Persons who are looked up at once.
MAX_PERSONS_AT_ONCE = 200


class Peers:
    """What they say, heeded for the streams of this process."""

    def __init__(self, platform: Platform, hub: Hub, read_on: Callable[[], Awaitable[None]]) -> None:
        self._platform, self._hub = platform, hub
        #: Reads what is new in the common log.
        self._read_on = read_on
        self._changed: set[str] = set()
        self._log = False
        self._wake = asyncio.Event()
        signals = platform[SIGNALS]
        # Own messages and broadcasts are looked for as well, by the sweep and once a second. Where no signals come,
        # wishes are looked up before a broadcast is told, and whoever is forgotten is looked for.
        signals.on(INBOX, hub.wake)
        signals.on(CHANGED, hub.wake_changed)
        signals.on(GONE, hub.cut)
        signals.on(LOG, self._published)
        signals.on(WISHES, self._wish, missed=self._missed)

    async def heed(self) -> None:
        """Do what takes the database, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            changed, self._changed = list(self._changed), set()
            log, self._log = self._log, False
            try:
                await look_up(self._platform, self._hub, changed)
                if log:
                    await self._read_on()
            except Exception:
                # It begins anew in a moment, with all of it.
                self._changed |= set(changed)
                self._log |= log
                self._wake.set()
                raise

    def _published(self, _: Iterable[str]) -> None:
        self._log = True
        self._wake.set()

    def _wish(self, persons: Iterable[str]) -> None:
        self._changed |= {person for person in persons if self._hub.listens(person)}
        self._wake.set()

    def _missed(self) -> None:
        self._wish(self._hub.persons())
        self._published(())


async def look_up(platform: Platform, hub: Hub, persons: Sequence[str]) -> None:
    """Have these persons' streams go by what they wish, and where they are, now."""
    for start in range(0, len(persons), MAX_PERSONS_AT_ONCE):
        found = await standings.standings(platform, persons[start : start + MAX_PERSONS_AT_ONCE])
        for person, standing in found.items():
            hub.changed(person, standing.listener)


async def end_forgotten(platform: Platform, hub: Hub) -> None:
    """End the streams of whoever may have been forgotten: the app of somebody who is still there comes back."""
    persons = hub.persons()
    for start in range(0, len(persons), MAX_PERSONS_AT_ONCE):
        hub.cut(await standings.without_anything(platform, persons[start : start + MAX_PERSONS_AT_ONCE]))
