"""The frozen values that cross the boundary between the kernel and its plugins.

A department describes itself and its items as data (`items.toml`); the registry turns that into `Department` and
`Item`. Its behaviour receives a `Submission` and answers with a `Decision`. Nothing here does any work or reads
anything, so that a plugin may import it at no cost.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from banshi.forms import Form

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from banshi.routes import Route
    from banshi.runtime import Platform

T = TypeVar("T")

#: Values that are read from items.toml: an unknown key there is an error.
_FROM_DATA = {"extra": "forbid", "arbitrary_types_allowed": True}

#: One text in several languages: BCP 47 tag → text. Every text has all of `LANGUAGES`.
Texts = Mapping[str, str]

#: The languages that every text must have; the first is the default.
LANGUAGES = ("zh-CN", "en")

#: The version of the contract that this kernel speaks: `api = 1` in plugins.toml.
API_VERSION = 1

#: Codes of departments, units, items and plugins: lower case, digits, hyphens; used in URLs.
SLUG = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"


def text_in(texts: Texts, language: str) -> str:
    """The text in `language`, or in the default language where it has none."""
    return texts.get(language) or texts[LANGUAGES[0]]


# -- what an item is: the elements of the national list of government service items ------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """A law that the item rests on. Cite one only where name and article are certain."""

    __pydantic_config__ = _FROM_DATA

    title: Texts
    article: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A document that the citizen hands in."""

    __pydantic_config__ = _FROM_DATA

    title: Texts
    required: bool = True
    #: Where the citizen gets it: issued by an authority, made by the applicant, or already held by the platform.
    source: Literal["authority", "applicant", "platform"] = "applicant"
    #: JSON Pointer of the form's field that takes it, where there is one.
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What the item costs. `amount` is in fen (0.01 yuan), so that no float is involved."""

    __pydantic_config__ = _FROM_DATA

    amount: int = 0
    note: Texts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An office where the item can be asked about or done."""

    __pydantic_config__ = _FROM_DATA

    title: Texts
    address: Texts
    phone: str
    hours: Texts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineDepth:
    """How much of the item can be done online: a code and the published list that it is from."""

    __pydantic_config__ = _FROM_DATA

    code: str
    code_list: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the citizen holds in the end."""

    __pydantic_config__ = _FROM_DATA

    kind: Literal["none", "answer", "pass", "certificate"]
    title: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that a pass says. An item's claims keep their order for good: it is their number on the wire."""

    __pydantic_config__ = _FROM_DATA

    name: str
    title: Texts
    #: JSON Pointer into the answers; empty where the handler's `claims` gives the value.
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRules:
    """What an approved case's QR pass says, and for how long."""

    __pydantic_config__ = _FROM_DATA

    #: The least that an officer needs, and nothing else.
    claims: tuple[Claim, ...]
    #: JSON Pointers to the answers with the first and last day (dates, in the city's time zone).
    valid_from: str = ""
    valid_until: str = ""
    #: Longest validity in days; also the validity where no answer says it.
    longest_days: int = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A part of a department that works on cases."""

    __pydantic_config__ = _FROM_DATA

    code: str
    title: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One business item as its department declares it: the guide, the form, and what its kind adds."""

    __pydantic_config__ = _FROM_DATA

    code: str
    department: str
    #: The plugin that declared it.
    plugin: str
    #: Name of one of the registered kinds.
    kind: str
    #: Counts up when form or rules change; a case keeps the version that it was submitted under.
    version: int = 1
    title: Texts
    summary: Texts
    audience: tuple[Literal["person", "organisation"], ...]
    legal_basis: tuple[LegalBasis, ...] = ()
    conditions: tuple[Texts, ...] = ()
    materials: tuple[Material, ...] = ()
    process: tuple[Texts, ...] = ()
    fee: Fee = field(default_factory=Fee)
    #: Working days that the law allows, and that the department promises. None: not known.
    legal_days: int | None = None
    promised_days: int | None = None
    #: How often the citizen has to come in person; 0 is fully online.
    visits: int = 0
    online_depth: OnlineDepth | None = None
    places: tuple[Place, ...] = ()
    result: Result
    #: The QR pass, for an item whose result is one.
    credential: PassRules | None = None
    #: The unit that works on its cases.
    unit: str = ""
    #: Everyday words that the search should find it by, per language.
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: The compiled form, or None for an item that asks nothing.
    form: Form | None = None
    #: The kind's own value type, from the table of items.toml that bears the kind's name.
    details: Any = None
    #: The department's behaviour: an instance of the kind's handler class.
    handler: Any = None

    @property
    def fully_online(self) -> bool:
        return self.visits == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """An authority with business items of its own."""

    __pydantic_config__ = _FROM_DATA

    code: str
    title: Texts
    phone: str = ""
    units: tuple[Unit, ...] = ()


# -- the life of a case ------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of a state table: in `state`, `who` may take `action`, which leads to `to`."""

    state: str
    action: str
    who: frozenset[Who]
    to: str
    #: What staff need for it: the name of a role in the case's department.
    role: str = "reviewer"
    clock: ClockEffect = ClockEffect.KEEP
    #: The title of the message that the citizen gets; None tells nothing. May hold {item} and {number}.
    tells: Texts | None = None
    #: The reason must be given; the citizen reads it.
    needs_reason: bool = False
    #: Whether it puts the case into the worklist of those who may take it; a revocation waits for nobody.
    work: bool = True
    #: An action whose actor in this case must be another person than this step's (second-person rule).
    other_than: str | None = None


def _no_steps(_: Any) -> Sequence[Step]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of item: its value type in items.toml, its state table, its behaviour and its routes."""

    name: str
    title: Texts
    #: Frozen dataclass for the table `[items.<name>]`.
    details: type
    #: Base class of the behaviour that a plugin may hand over; None: there is none to hand over.
    handler: type | None = None
    #: From the item's details to its state table; empty: the item is shown as a guide only.
    steps: Callable[[Any], Sequence[Step]] = _no_steps
    #: What a step adds to its transaction: `(platform, move) -> banshi.cases.Effects`.
    effects: Callable[..., Awaitable[Any]] | None = None
    #: What happens to a stored submission: `(platform, case)`.
    intake: Callable[..., Awaitable[None]] | None = None
    #: The routes of the kind's verbs.
    routes: Callable[[], Sequence[Route]] = tuple
    #: What is wrong with an item's declaration, as (rule, advice).
    check: Callable[[Item], Iterable[tuple[str, str]]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a citizen handed in, as the item's handler sees it."""

    case_id: str
    number: str
    item: Item
    answers: Mapping[str, Any]
    #: The citizen, as the identity provider's subject.
    person: str
    #: The citizen's name, where the identity provider says it.
    name: str
    received_at: datetime
    #: Number of the earlier case that this one renews.
    renews: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a handler decides: an action of the item's state table, with the reason that the citizen reads."""

    action: str
    reason: Texts | None = None


# -- telling people ----------------------------------------------------------------------------------------------


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
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to reach people. `deliver` may be called twice with one message; its `id` says so."""

    name: str
    #: Takes a batch; whatever it raises is tried again later, first in one batch, then each alone.
    deliver: Callable[[Platform, Sequence[Message]], Awaitable[None]]


class Key(Generic[T]):
    """A typed name for a resource: `platform[KEY]` has the type that the key was made with."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Key({self.name!r})"


@dataclass(frozen=True, slots=True)
class Resource(Generic[T]):
    """Something that lives as long as the server runs: opened at start, closed in reverse order."""

    key: Key[T]
    open: Callable[[Platform], AbstractAsyncContextManager[T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """A plugin's own tables: modules with its Tortoise models and with its migrations."""

    models: str
    migrations: str
