"""The frozen values that cross the boundary between the kernel and its plugins.

A department describes itself and its items as data (`banshi.kernel.contract.items`). Its behaviour receives a
`Submission` and answers with a `Decision`. Nothing here does any work, so that a plugin may import it at no cost.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal

from banshi.forms import Form
from banshi.foundation.keys import Key, T
from banshi.foundation.texts import bounded
from banshi.kernel.contract.items import SLUG as SLUG
from banshi.kernel.contract.items import Claim as Claim
from banshi.kernel.contract.items import Department as Department
from banshi.kernel.contract.items import Document as Document
from banshi.kernel.contract.items import Item as Item
from banshi.kernel.contract.items import Material as Material
from banshi.kernel.contract.items import MessageTemplates as MessageTemplates
from banshi.kernel.contract.items import Unit as Unit
from banshi.kernel.contract.items import text_in as text_in
from banshi.kernel.contract.texts import LANGUAGES as LANGUAGES
from banshi.kernel.contract.texts import Texts as Texts
from banshi.kernel.sentences import say

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from banshi.kernel.contract.items import Mode
    from banshi.kernel.runtime.running import Platform

#: Characters of a reason, as the citizen reads it.
LONGEST_REASON = 1000


class Who(enum.StrEnum):
    """Who may take a step."""

    #: The person whose case it is.
    CITIZEN = "citizen"
    #: A member of the department's staff with the step's role.
    STAFF = "staff"
    #: The platform itself, on a handler's decision or on time.
    SYSTEM = "system"


class ClockEffect(enum.StrEnum):
    """What a step does to the case's deadline."""

    KEEP = "keep"
    #: Starts, or goes on after a stop.
    RUN = "run"
    STOP = "stop"
    #: The deadline was met or no longer matters.
    END = "end"


class MaterialsEffect(enum.StrEnum):
    """What a step says of the files that were handed in."""

    KEEP = "keep"
    #: Staff who take it have looked at them and found them right: they may be handed in again with later cases.
    ACCEPT = "accept"
    #: Staff who take it may have found something wrong with them: none of the same bytes may be handed in again without
    #: a new upload.
    REJECT = "reject"


REASON_ASKS: Texts = say("Say why: the citizen reads it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of a state table: in `state`, `who` may take `action`, which leads to `to`."""

    state: str
    action: str
    who: frozenset[Who]
    to: str
    #: What staff need for it: the name of a role in the case's department; and whether they may have none of its unit.
    role: str = "reviewer"
    outside: bool = False
    clock: ClockEffect = ClockEffect.KEEP
    #: The message that the citizen gets, title and body, where the item has no words of its own; None tells nothing.
    tells: MessageTemplates | None = None
    #: Placeholders beyond the kernel's that the message may have: the kind's effects give them, where there are any.
    mentions: frozenset[str] = frozenset()
    #: The reason must be given; the citizen reads it.
    needs_reason: bool = False
    #: What the reason says, as whoever writes it is asked for it; and its most characters.
    reason_asks: Texts = field(default_factory=lambda: REASON_ASKS)
    longest_reason: int = LONGEST_REASON
    #: Whether the case waits for it: in the worklist of the staff who may take it, and as its citizen's turn, where it
    #: is the way on. A revocation waits for nobody, and neither does what a citizen may do but need not.
    work: bool = True
    #: An action whose actor in this case must be another person than this step's (second-person rule).
    other_than: str | None = None
    #: What the actor has to send along, as `details`; None takes nothing.
    takes: Form | None = None
    materials: MaterialsEffect = MaterialsEffect.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a citizen handed in, as the item's handler sees it."""

    case_id: str
    number: str
    item: Item
    answers: Mapping[str, Any]
    #: The citizen, as the identity provider's subject; empty where it was handed in without a name.
    person: str
    #: The citizen's name, where the identity provider says it.
    name: str
    received_at: datetime
    #: Number of the earlier case that this one renews.
    renews: str | None = None
    #: The case's version: another one once it was handed in again.
    version: int = 1
    #: A `test` is made up: act on nothing real for it.
    mode: Mode = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a handler decides: an action of the item's state table, with the reason that the citizen reads."""

    action: str
    #: Cut after `LONGEST_REASON` characters.
    reason: Texts | None = None

    def __post_init__(self) -> None:
        given: Any = self.reason
        # What is no text is left as it is, for its author to be told of.
        if isinstance(given, Mapping) and all(isinstance(text, str) for text in given.values()):
            object.__setattr__(self, "reason", bounded(given, LONGEST_REASON) or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something that a person is told, read inside the app. What crosses others' servers says only that it is there."""

    id: str
    kind: Literal["case", "notice", "alert"]
    #: The recipient, as the identity provider's subject.
    person: str
    title: Texts
    body: Texts
    #: Path into the app and the API, without host.
    link: str
    case_id: str | None = None
    item: str | None = None
    number: str | None = None
    state: str | None = None
    created_at: datetime
    #: The case's. A `test` is made up: no channel sends it to a real provider.
    mode: Mode = "live"
    #: The `traceparent` of its promise, for what a channel does with it later; "" where nothing is traced.
    trace: str = ""
    #: Of a notice its kind, a code of `banshi.sdk.following.NOTICE_KINDS`; None is a notice of no kind.
    category: str | None = None
    #: When nobody need be woken for it any more; None where its channel decides.
    until: datetime | None = None
    #: Ids of earlier messages, of which whatever is still on its way isn't sent any more.
    replaces: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to reach people. `deliver` may be called twice with one message; its `id` says so."""

    name: str
    #: Takes a batch; whatever it raises is tried again later, first in one batch, then each alone.
    deliver: Callable[[Platform, Sequence[Message]], Awaitable[None]]
    #: Whether anybody may be reached by it, as this process knows; while nobody can, no message is promised to it.
    is_used: Callable[[Platform], bool] = lambda _: True


class Phase(enum.IntEnum):
    """When a resource is opened; within a phase they are opened in the order in which plugins are listed."""

    #: What resources of plugins rest on.
    BEFORE_PLUGINS = 1
    #: With those of plugins.
    PLAIN = 2
    #: Once every plugin is ready to be given work.
    AFTER_PLUGINS = 3


@dataclass(frozen=True, slots=True)
class Resource(Generic[T]):
    """Something that lives as long as the server runs: opened at start, closed in reverse order."""

    key: Key[T]
    open: Callable[[Platform], AbstractAsyncContextManager[T]]
    phase: Phase = Phase.PLAIN

    @classmethod
    def made(cls, key: Key[T], make: Callable[[Platform], T]) -> Resource[T]:
        """A value that needs no closing, there before the resources of plugins."""

        @asynccontextmanager
        async def opened(platform: Platform) -> AsyncIterator[T]:
            yield make(platform)

        return cls(key, opened, Phase.BEFORE_PLUGINS)


@dataclass(frozen=True, slots=True)
class Offer(Generic[T]):
    """Something that one plugin gives another: the one that takes it made the key, and says what it wants there."""

    key: Key[T]
    value: T
