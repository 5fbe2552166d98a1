"""`[plugins.conversations.settings]`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from banshi import Key
from conversations.desk.places import Desk

#: The longest that an operator may set.
MAX_DAYS, MAX_MINUTES = 3_650, 1_440


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSettings:
    """How long what was said is kept, who answers in person, and where forms are filled in."""

    #: Days for which messages with their replies are kept, and links that have ended.
    turn_days: int = 180
    #: Days without a word after which what somebody was filling in is forgotten.
    memory_days: int = 7
    #: Where people answer, in the order in which they are offered.
    desks: tuple[Desk, ...] = ()
    #: Minutes for which an officer holds a conversation without a word of theirs, and those of silence after their
    #: answer that close it.
    lease_minutes: int = 5
    silence_minutes: int = 30
    #: Tries of the app's digits in an hour by all contacts together: 10^8 of them could be tried.
    digits_an_hour: int = 1_000
    #: Address of the operator's own page for an item, with `{item}` for its code; "" for a bare page of ours.
    form_page: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.memory_days <= self.turn_days <= MAX_DAYS:
            raise ValueError(f"memory_days and turn_days have to be 1 <= memory_days <= turn_days <= {MAX_DAYS}")
        if not 1 <= self.lease_minutes <= self.silence_minutes <= MAX_MINUTES:
            raise ValueError(f"they have to be 1 <= lease_minutes <= silence_minutes <= {MAX_MINUTES}")
        if self.digits_an_hour < 1:
            raise ValueError("digits_an_hour has to be 1 at least")
        if self.form_page and not (self.form_page.startswith("https://") and "{item}" in self.form_page):
            raise ValueError("form_page has to begin with https:// and to have {item} where the item's code goes")

    @property
    def lease(self) -> timedelta:
        return timedelta(minutes=self.lease_minutes)

    @property
    def silence(self) -> timedelta:
        return timedelta(minutes=self.silence_minutes)


SETTINGS: Key[ConversationSettings] = Key("conversations' settings")
