"""`[plugins.desk.settings]`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from banshi import Key
from desk.places import Desk

#: The longest that an operator may set.
MAX_DAYS, MAX_MINUTES = 3_650, 1_440

#: Half a year, at its longest: for so long records of what was done have to be kept (网络安全法 article 21).
RECORD_DAYS = 184

#: Minutes, where nobody sets them.
LEASE, SILENCE = 5, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """Who answers in person, and how long they have."""

    #: Where people answer, in the order in which they are offered.
    desks: tuple[Desk, ...] = ()
    #: Minutes for which an officer holds somebody without a word of theirs, and those of silence after their answer
    #: that close it.
    lease_minutes: int = LEASE
    silence_minutes: int = SILENCE
    #: Messages that whoever waits or talks may write in a minute; more are kept nowhere, and one event to the desk.
    messages_a_minute: int = 30
    #: Days for which enquiries with their events are kept.
    keep_days: int = RECORD_DAYS

    def __post_init__(self) -> None:
        if not 1 <= self.lease_minutes <= self.silence_minutes <= MAX_MINUTES:
            raise ValueError(f"they have to be 1 <= lease_minutes <= silence_minutes <= {MAX_MINUTES}")
        if self.messages_a_minute < 1:
            raise ValueError("messages_a_minute has to be 1 at least")
        if not 1 <= self.keep_days <= MAX_DAYS:
            raise ValueError(f"keep_days has to be 1 to {MAX_DAYS}")

    @property
    def lease(self) -> timedelta:
        return timedelta(minutes=self.lease_minutes)

    @property
    def silence(self) -> timedelta:
        return timedelta(minutes=self.silence_minutes)


SETTINGS: Key[DeskSettings] = Key("the desk's settings")

#: Settings that stand in another plugin's table, as they did before the desk had its own.
HANDED_OVER: Key[DeskSettings] = Key("desk.handed-over")


def desks_in(registry: Any) -> Sequence[Desk]:
    """All desks, before anything is open: for the checks of who names one."""
    every = (one.settings for one in registry.plugins.values() if isinstance(one.settings, DeskSettings))
    return settings_of(next(every, DeskSettings()), registry).desks


def settings_of(own: DeskSettings, registry: Any) -> DeskSettings:
    """The desk's own table; without desks in it, what it leaves out is what is handed over."""
    offered = [one for _, one in registry.offered(HANDED_OVER)]
    handed = next((one for one in offered if one.desks), next(iter(offered), None))
    if own.desks or handed is None:
        return own
    # The minutes go together: those of two tables may contradict each other.
    minutes = own if own.lease_minutes != LEASE or own.silence_minutes != SILENCE else handed
    return DeskSettings(
        desks=handed.desks,
        lease_minutes=minutes.lease_minutes,
        silence_minutes=minutes.silence_minutes,
        messages_a_minute=own.messages_a_minute,
        keep_days=own.keep_days if own.keep_days != RECORD_DAYS else handed.keep_days,
    )
