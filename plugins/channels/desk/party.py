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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A picture or a file that an officer sends: the id of its upload, what it is called, and what it is."""

    id: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An item that an officer would have them hand in: they are asked, and their yes begins it."""

    enquiry: UUID
    item: str
    title: Texts
    #: What the desk is called.
    desk: Texts
    #: By the form's fields: their own words, and what the officer knows. What else it asks they fill in.
    answers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: Until when their yes is one.
    until: datetime


#: What becomes of what an officer says: the provider has it; they have it, or won't; it waits for the next word of
#: theirs; it was said with that; it isn't taken; nobody knows.
Became = Literal["accepted", "delivered", "failed", "shut", "late", "refused", "unknown"]
BECAME: tuple[str, ...] = get_args(Became)


@dataclass(frozen=True, slots=True)
class Reachable:
    """Until when somebody can be written to, and how many messages more: None for always, and for any number."""

    until: datetime | None = None
    sends: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """By what somebody writes or calls, as people say it, and what they are called; "" for a stranger."""

    channel: Texts = field(default_factory=dict)
    name: str = ""


class Party(Protocol):
    """All that the desk asks of one kind. A subject is the id of one of them; it may be gone."""

    @property
    def kind(self) -> str: ...

    async def who(self, subject: UUID) -> Principal | None:
        """The citizen, where it is known who they are."""

    async def say(
        self, subject: UUID, text: Texts, officer: str = "", file: Attached | None = None
    ) -> Sequence[Model | Update]:
        """What of the desk's write says something to them, the message first; nothing where nobody is there.

        What becomes of an officer's words is told by `DESK.became`, whose rows may be among these.

        Args:
            officer: Whose words these are; "" for the desk itself.
            file: What goes with them, of what it `takes`.
        """

    async def withdraw(self, subject: UUID, word: UUID) -> Sequence[Model | Update]:
        """What of the desk's write ends an officer's words that aren't on their way yet; nothing where they are.

        `DESK.became` is told of it with the same write: refused, and why.
        """

    async def offer(self, subject: UUID, offered: Offered, officer: str) -> Sequence[Model | Update]:
        """What of the desk's write asks them whether they want that, the message first; nothing where nobody is there.

        What they answer is told by `DESK.agreed`, and what they have handed in by `DESK.filed`.
        """

    async def takes(self, subject: UUID) -> Mapping[str, int]:
        """Which files can be sent to them: bytes at most by media type. Empty where none can, now or ever."""

    async def reachable(self, subjects: Sequence[UUID]) -> Mapping[UUID, Reachable]:
        """How far each of them can be written to unasked; who is left out, and who is gone, can't be."""

    async def known(self, subjects: Sequence[UUID]) -> Mapping[UUID, Known]:
        """What is known of each of them; who is gone is left out."""

    async def moved(self, subject: UUID, state: str, happened: str) -> Sequence[Update]:
        """What else the desk's write changes where an enquiry that was in that state is claimed, returned,
        transferred, shut (a word may be left), over (it may not), or done. An update of no row keeps it as it is.
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

    async def none(self, *_: Any) -> Mapping[Any, Any]:
        return {}

    say = moved = words = messages = withdraw = offer = nothing
    reachable = takes = known = none


def party_of(platform: Platform, kind: str) -> Party:
    """The party of that kind."""
    made = (one(platform) for _, one in platform.registry.offered(PARTIES))
    return next((party for party in made if party.kind == kind), Nobody())
