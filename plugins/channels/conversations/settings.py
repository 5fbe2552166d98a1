"""`[plugins.conversations.settings]`."""

from __future__ import annotations

from dataclasses import dataclass

from banshi import Key

#: The longest that an operator may keep either.
MAX_DAYS = 3_650


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSettings:
    """How long what was said is kept."""

    #: Days for which messages with their replies are kept, and links that have ended.
    turn_days: int = 180
    #: Days without a word after which what somebody was filling in is forgotten.
    memory_days: int = 7

    def __post_init__(self) -> None:
        if not 1 <= self.memory_days <= self.turn_days <= MAX_DAYS:
            raise ValueError(f"memory_days and turn_days have to be 1 <= memory_days <= turn_days <= {MAX_DAYS}")


SETTINGS: Key[ConversationSettings] = Key("conversations' settings")
