"""A kind of item: how its things begin, the state table by which they go on, and what follows its steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from banshi.kernel.contract.items import Item, Texts, text_in
from banshi.kernel.contract.routes import Audience
from banshi.kernel.contract.values import Step

if TYPE_CHECKING:
    from tortoise.models import Model

    from banshi.foundation.database.writes import Update
    from banshi.kernel.contract.principals import Principal
    from banshi.kernel.contract.routes import Route

#: Whether somebody may begin it who doesn't say who they are: never, beside others, or nobody else.
Unnamed = Literal["never", "allowed", "always"]


@dataclass(slots=True, kw_only=True)
class Begun:
    """What came of a beginning, as its caller keeps it and shows it."""

    kind: Kind
    #: The case as it is written; None for what is answered at once and goes no further.
    case: Any = None
    #: The case as the API shows it to whoever began it, in their language.
    document: Mapping[str, Any] | None = None
    #: The row that the kind has beside the case.
    row: Any = None
    #: The answer of a register.
    records: Mapping[str, Any] | None = None
    #: What an unnamed sender comes back with.
    code: str | None = None

    @property
    def is_shown_once(self) -> bool:
        """Whether the answer is kept nowhere: it has a register's records in it, or the key to a case."""
        return self.records is not None or self.code is not None

    def answer(self, language: str) -> dict[str, Any]:
        """What the API answers, whatever the kind."""
        kind = {"kind": self.kind.name, "kind_title": text_in(self.kind.title, language)}
        return {**kind, "case": self.document, "records": self.records, "code": self.code}


#: What a caller adds to the transaction in which something begins: rows, and updates on which all of it depends.
Receipt = Callable[[Begun], Sequence["Model | Update"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What is to begin: its body fits what the item takes, and whoever sends it may do so."""

    item: Item
    #: Of nobody's subject for somebody who doesn't say who they are.
    principal: Principal
    #: The `answers`, and what the kind takes beside them.
    body: Mapping[str, Any]
    language: str
    receipt: Receipt
    #: Where it came from, to limit what comes from there: the other end's address. It is kept nowhere.
    sender: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begins:
    """How a kind's things begin, where it isn't with a case by `handed_in` and `received`."""

    #: What goes in beside `answers`, as JSON Schema by name; None for an item that can't be begun.
    takes: Callable[[Item], Mapping[str, Any] | None]
    #: `(platform, beginning) -> Begun`: it writes what begins and the beginning's receipt at once. None: as a case.
    begin: Callable[..., Awaitable[Begun]] | None = None
    #: Who begins one by name.
    audience: Audience = Audience.CITIZEN
    #: Whether that is needed, by the item; None: always.
    unnamed: Callable[[Item], Unnamed] | None = None
    #: `begin` for whoever doesn't say who they are.
    begin_unnamed: Callable[..., Awaitable[Begun]] | None = None


def no_steps(_: Any) -> Sequence[Step]:
    """The state table of a kind without cases."""
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
    steps: Callable[[Any], Sequence[Step]] = no_steps
    #: What a step adds to its transaction: `(platform, move) -> banshi.kernel.cases.lifecycle.Effects`.
    effects: Callable[..., Awaitable[Any]] | None = None
    #: Steps of the state table as one case takes them now: `(platform, case, steps) -> steps`. It leaves out what would
    #: be refused whatever is sent, and puts the case's own lists and limits into `takes` and `needs_reason`.
    in_case: Callable[..., Awaitable[Sequence[Step]]] | None = None
    #: The actions that `in_case` changes or leaves out: it is asked where one of them is among the steps. None: any may
    #: be.
    varied: frozenset[str] | None = None
    #: The actions that need the case's answers, corrected; no other takes any. None: the kind's effects see to that.
    corrects: frozenset[str] | None = None
    #: What is handed in with an item beside `answers`, as JSON Schema by name; None where its cases begin otherwise.
    handed_in: Callable[[Item], Mapping[str, Any] | None] | None = None
    #: What a submission adds to its transaction: `(platform, case, body) -> rows`. It may change the case before.
    received: Callable[..., Awaitable[Sequence[Any]]] | None = None
    #: How its things begin otherwise; None: as `handed_in` and `received` say, if at all.
    begins: Begins | None = None
    #: What a case's document has of the kind's own: `(platform, case, reader, language) -> dict`.
    shown: Callable[..., Awaitable[Mapping[str, Any]]] | None = None
    #: What the worklist says of cases beside their state: `(cases) -> texts by their ids`.
    notes: Callable[..., Awaitable[Mapping[Any, Texts]]] | None = None
    #: Roles that there are for its sake, whether or not an item asks for them: of its state tables, and of its routes.
    roles: frozenset[str] = frozenset()
    #: Its cases may go to other units and departments than their items say.
    travels: bool = False
    #: What happens to a stored submission: `(platform, case)`.
    intake: Callable[..., Awaitable[None]] | None = None
    #: The states in which a case is over, each with what its outcome is called; "" is that of the state before. Without
    #: any, those that no step leaves, by their own names.
    outcomes: Mapping[str, str] = field(default_factory=dict)
    #: What people read for its states and its actions, and which actions are not the way on: they withdraw or refuse.
    states: Mapping[str, Texts] = field(default_factory=dict)
    actions: Mapping[str, Texts] = field(default_factory=dict)
    #: From the item's details to what people read in their place, of its states and actions.
    worded: Callable[[Any], Mapping[str, Texts]] = field(default=lambda _: {})
    backward: frozenset[str] = frozenset()
    #: The routes of the kind's verbs.
    routes: Callable[[], Sequence[Route]] = tuple
    #: What is wrong with an item's declaration, as (rule, advice).
    check: Callable[[Item], Iterable[tuple[str, str]]] | None = None
