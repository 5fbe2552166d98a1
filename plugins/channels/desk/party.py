"""Who is at the other end of an enquiry: a contact of a chat, a call. Each kind has a party, which knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, get_args
from uuid import UUID

from tortoise.models import Model

from banshi import Key, Platform, Principal, Texts, Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One thing that was said, by either side."""

    id: UUID
    at: datetime
    by: Literal["citizen", "officer", "platform"]
    #: What it is: `text`, `voice`, `file`, `place` or `event`; `id` of a file that is kept.
    content: Mapping[str, Any] = field(repr=False)
    #: Of what was said to them, what became of it: one of `Became`, or `waiting`; and why, where it went wrong.
    state: str | None = None
    why: Texts = field(default_factory=dict)


#: What becomes of what an officer says: the provider has it; they have it, or won't; it waits for the next word of
#: theirs; it was said with that; it isn't taken; nobody knows.
Became = Literal["accepted", "delivered", "failed", "shut", "late", "refused", "unknown"]
BECAME: tuple[str, ...] = get_args(Became)


@dataclass(frozen=True, slots=True)
class Reachable:
    """Until when somebody can be written to, and how many messages more: None for always, and for any number."""

    until: datetime | None = None
    sends: int | None = None


class Party(Protocol):
    """All that the desk asks of one kind. A subject is the id of one of them; it may be gone."""

    @property
    def kind(self) -> str: ...

    async def who(self, subject: UUID) -> Principal | None:
        """The citizen, where it is known who they are."""

    async def say(self, subject: UUID, text: Texts, officer: str = "") -> Sequence[Model | Update]:
        """What of the desk's write says something to them, the message first; nothing where nobody is there.

        What becomes of an officer's words is told by `DESK.became`, whose rows may be among these.

        Args:
            officer: Whose words these are; "" for the desk itself.
        """

    async def reachable(self, subjects: Sequence[UUID]) -> Mapping[UUID, Reachable]:
        """How far each of them can be written to unasked; who is left out, and who is gone, can't be."""

    async def moved(self, subject: UUID, state: str, happened: str) -> Sequence[Update]:
        """What else the desk's write changes where an enquiry that was in that state is claimed, returned,
        transferred, shut (a word may be left), over (it may not), or done.
        """

    async def words(
        self, subject: UUID, since: datetime, most: int, *, until: datetime | None = None, before: UUID | None = None
    ) -> Sequence[Word]:
        """The last words since then, and before that one; the oldest in front."""

    async def messages(self, ids: Sequence[UUID]) -> Sequence[Word]:
        """Those words of theirs, or said to them, in any order; without those that are gone."""


#: `Offer(PARTIES, …)`: makes the party of a kind. It is made whenever it is asked for.
PARTIES: Key[Callable[[Platform], Party]] = Key("desk.parties")


class Nobody:
    """Of a kind of which no plugin knows anything any more: its enquiries can be looked at and closed."""

    kind = ""

    async def who(self, *_: Any) -> None:
        return None

    async def nothing(self, *_: Any, **__: Any) -> tuple[()]:
        return ()

    async def nowhere(self, *_: Any) -> Mapping[UUID, Reachable]:
        return {}

    say = moved = words = messages = nothing
    reachable = nowhere


def party_of(platform: Platform, kind: str) -> Party:
    """The party of that kind."""
    made = (one(platform) for _, one in platform.registry.offered(PARTIES))
    return next((party for party in made if party.kind == kind), Nobody())
