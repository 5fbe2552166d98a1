"""What is held about a person, table by table, and what has to be kept when they want to be forgotten.

The kernel and each plugin say so in the same way, so that an export is whole and a deletion leaves nothing out. Rows
are exported as they are, but for columns that name somebody else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.expressions import Q
from tortoise.models import Model

from banshi.foundation.database.bulk import ROWS_PER_STATEMENT
from banshi.foundation.keys import Key
from banshi.kernel.contract.values import Texts
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case


@dataclass(frozen=True, slots=True)
class DataSubject:
    """Somebody: the identity provider's subject, and the number that it has verified where it has."""

    subject: str
    resident_id: str = ""


#: The keys of the rows of one table that are about somebody.
Find = Callable[["Platform", DataSubject], Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A table with rows about people."""

    model: type[Model]
    find: Find
    #: Columns that name somebody else, or members of one (`details.hands`): staff, the other side. A function where a
    #: row itself says which these are.
    hidden: Collection[str] | Callable[[Mapping[str, Any], DataSubject], Collection[str]] = ()


@dataclass(frozen=True, slots=True)
class Retained:
    """What can't be forgotten yet."""

    #: What it is and why it stays, as codes: ("case", "open").
    what: str
    reason: str
    texts: Texts
    count: int = 1
    #: When the last of it leaves by itself; None where nobody knows yet.
    until: datetime | None = None
    #: What people call it: the numbers of cases.
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the kernel or a plugin holds about people."""

    tables: Sequence[PersonalTable]
    #: Deletes what need not be kept, and says what is. It may be called again. What is about a person's cases goes with
    #: these and not here (`ANONYMISE_CASE`).
    forget: Callable[[Platform, DataSubject], Awaitable[Iterable[Retained]]] | None = None


#: Plugins that hold something about people offer what that is.
HOLDINGS: Key[Holdings] = Key("holdings")


def by_person(model: type[Model], *columns: str) -> Find:
    """The rows that have the person's subject in one of the columns."""

    async def find(_: Platform, whom: DataSubject) -> Sequence[Any]:
        theirs = Q(*(Q(**{column: whom.subject}) for column in columns), join_type=Q.OR)
        key = model._meta.pk_attr
        return list(await model.filter(theirs).order_by(key).values_list(key, flat=True))

    return find


def theirs_alone(model: type[Model]) -> Holdings:
    """Rows that have a `person` each, whom alone they are of use to: all of them go with who asks for it."""

    async def forget(_: Platform, whom: DataSubject) -> Iterable[Retained]:
        await model.filter(person=whom.subject).delete()
        return ()

    return Holdings([PersonalTable(model, by_person(model, "person"))], forget)


def by_case(model: type[Model], column: str = "case_id", *more: str) -> Find:
    """The rows that have one of the person's cases in one of the columns."""

    async def find(_: Platform, whom: DataSubject) -> Sequence[Any]:
        cases: Any = await Case.filter(person=whom.subject).order_by("id").values_list("id", flat=True)
        found: list[Any] = []
        for begin in range(0, len(cases), ROWS_PER_STATEMENT):
            some: Any = list(cases[begin : begin + ROWS_PER_STATEMENT])
            theirs = Q(*(Q(**{f"{name}__in": some}) for name in (column, *more)), join_type=Q.OR)
            found += await model.filter(theirs).values_list(model._meta.pk_attr, flat=True)
        return found

    return find
