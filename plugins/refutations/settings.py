"""`[plugins.refutations.settings]`."""

from __future__ import annotations

from dataclasses import dataclass

from banshi import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class RefutationSettings:
    """How soon the first word is out, and where people ask whether something is true."""

    #: Minutes within which a record's first edition is to be public; its staff read when that is.
    first_minutes: int = 60
    #: Items by which people ask: whoever's words fit a record is told of it, and what it says next.
    asked_by: tuple[str, ...] = ("consult-police",)

    def __post_init__(self) -> None:
        if not 1 <= self.first_minutes <= 1440:
            raise ValueError("first_minutes has to be 1 to 1440")


SETTINGS: Key[RefutationSettings] = Key("refutations' settings")
