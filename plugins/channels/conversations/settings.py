"""`[plugins.conversations.settings]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from banshi import Key
from desk import Desk, DeskSettings

#: A code of GB/T 2260, also of a street or a community.
DIVISION = re.compile("[0-9]{6}([0-9]{3}){0,2}")

#: The longest that an operator may set.
MAX_DAYS = 3_650

#: Half a year, at its longest: for so long records of what was done have to be kept (网络安全法 article 21).
RECORD_DAYS = 184


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSettings:
    """How long what was said is kept, who answers in person, and where forms are filled in."""

    #: Days for which messages with their replies, events of desks and links that have ended are kept.
    turn_days: int = RECORD_DAYS
    #: Days without a word after which what somebody was filling in is forgotten.
    memory_days: int = 7
    #: The desk's, as they stood here before it had a table of its own: see `DeskSettings`.
    desks: tuple[Desk, ...] = ()
    lease_minutes: int = 5
    silence_minutes: int = 30
    #: Tries of the app's digits in an hour and account by contacts that have sent wrong ones lately, all together.
    digits_an_hour: int = 1_000
    #: Hours after a chat was bound in which a personal look-up, a booking and what changes a case wait for a yes in the
    #: app; 0 for none.
    confirm_hours: int = 24
    #: Days after a sign-in, and days without a word, after which nobody is known by a chat any more.
    link_days: int = 365
    idle_days: int = 90
    #: The division (GB/T 2260) that the platform is for: contacts that haven't said where they are at home are told of
    #: alerts for all of it; without, of each alert.
    division: str = ""
    #: Address of the operator's own page for an item, with `{item}` for its code; "" for a bare page of ours.
    form_page: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.memory_days <= self.turn_days <= MAX_DAYS:
            raise ValueError(f"memory_days and turn_days have to be 1 <= memory_days <= turn_days <= {MAX_DAYS}")
        self.of_desk()
        if not 1 <= self.idle_days <= self.link_days <= MAX_DAYS:
            raise ValueError(f"idle_days and link_days have to be 1 <= idle_days <= link_days <= {MAX_DAYS}")
        if not 0 <= self.confirm_hours <= 24 * MAX_DAYS:
            raise ValueError(f"confirm_hours has to be 0 to {24 * MAX_DAYS}")
        if self.digits_an_hour < 1:
            raise ValueError("digits_an_hour has to be 1 at least")
        if self.division and not DIVISION.fullmatch(self.division):
            raise ValueError("division has to be a code of GB/T 2260, such as 330100")
        if self.form_page and not (self.form_page.startswith("https://") and "{item}" in self.form_page):
            raise ValueError("form_page has to begin with https:// and to have {item} where the item's code goes")

    def of_desk(self) -> DeskSettings:
        """What is handed over to the desk. Raises ValueError."""
        return DeskSettings(
            desks=self.desks,
            lease_minutes=self.lease_minutes,
            silence_minutes=self.silence_minutes,
            keep_days=self.turn_days,
        )

    @property
    def link_life(self) -> timedelta:
        return timedelta(days=self.link_days)

    @property
    def idle_life(self) -> timedelta:
        return timedelta(days=self.idle_days)


SETTINGS: Key[ConversationSettings] = Key("conversations' settings")
