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


SETTINGS: Key[RefutationSettings] = Key("refutations' settings")
