"""The contract's values on their way to a child and back: as JSON, each with its type said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, fields
from datetime import date, datetime
from typing import Annotated, Any, get_args, get_origin

from pydantic import Field, ValidationError

from banshi.foundation.errors import MAX_DETAIL_CHARS, SAID, FieldProblem, InvalidFields, Problem
from banshi.foundation.field_problems import few
from banshi.kernel.contract.data_tables import data_table
from banshi.kernel.contract.texts import LANGUAGES
from banshi.kernel.contract.values import Item, Submission
from banshi.kernel.loading.typed_tables import adapter


class Uncrossable(TypeError):
    """Something of a handler's that has no way to another process."""


def sent(arguments: Sequence[Any]) -> list[dict[str, Any]]:
    """What a handler is called with, for the child. Raises Uncrossable."""
    return [_sent(argument) for argument in arguments]


def _sent(value: Any) -> dict[str, Any]:
    if isinstance(value, Submission):
        told = {one.name: getattr(value, one.name) for one in fields(Submission)}
        return {"submission": {**told, "item": value.item.code}}
    if isinstance(value, Item):
        return {"item": value.code}
    if isinstance(value, datetime):
        return {"datetime": value}
    if isinstance(value, date):
        return {"date": value}
    if value is None or isinstance(value, str | int | float | list | dict):
        return {"plain": value}
    raise Uncrossable(type(value).__name__)


def received(arguments: Sequence[Mapping[str, Any]], items: Mapping[str, Item]) -> list[Any]:
    """In the child: what the handler is called with."""
    return [_received(kind, value, items) for argument in arguments for kind, value in argument.items()]


def _received(kind: str, value: Any, items: Mapping[str, Item]) -> Any:
    match kind:
        case "submission":
            moment = datetime.fromisoformat(value["received_at"])
            return Submission(**{**value, "item": items[value["item"]], "received_at": moment})
        case "item":
            return items[value]
        case "datetime":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case _:
            return value


@data_table
class ToldProblem:
    """A problem that a handler raised on purpose, as its child tells it."""

    status: Annotated[int, Field(ge=400, le=599)]
    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    detail: Annotated[str, Field(max_length=MAX_DETAIL_CHARS)] | dict[str, str]
    #: Seconds; the one header that a handler may give.
    retry_after: Annotated[int, Field(ge=0, le=604_800)] | None = None
    members: Mapping[str, Any] = field(default_factory=dict)


#: Mistakes of an answer up to which the first is looked for.
MAX_MISTAKES = 100


def _families(cls: type[Problem]) -> Iterator[type[Problem]]:
    yield cls
    for one in cls.__subclasses__():
        yield from _families(one)


#: The kernel's own problems, which those who catch one know by its class.
KNOWN = {(one.status, one.code): one for one in _families(Problem) if one.__module__ == Problem.__module__}


def told_problem(problem: Problem) -> dict[str, Any]:
    """In the child: a problem, for the kernel."""
    after = str(problem.headers.get("Retry-After", ""))
    fields = {"problems": problem.problems} if isinstance(problem, InvalidFields) else {}
    return {
        "status": problem.status,
        "code": problem.code,
        "detail": {tag: text for tag, text in problem.texts.items() if tag in LANGUAGES} or problem.detail,
        "retry_after": int(after) if after.isdecimal() else None,
        "members": {**problem.sendable(), **fields},
    }


def answered(value: Any) -> Any:
    """In the child: what a handler gave, in so far as the kernel would read it."""
    are_problems = isinstance(value, list | tuple) and value and isinstance(value[0], FieldProblem)
    return few(value) if are_problems else value


def problem_of(document: Any) -> Problem:
    """What the child's handler raised. Raises ValueError where it can't be that."""
    told = adapter(ToldProblem).validate_python(document)
    own = {"status": told.status, "code": told.code}
    cls: Any = KNOWN.get((told.status, told.code)) or type("Problem", (Problem,), own)
    problem: Problem = cls.__new__(cls)
    headers = {} if told.retry_after is None else {"Retry-After": str(told.retry_after)}
    members = {name: value for name, value in told.members.items() if name not in SAID}
    fields = members.pop("problems", []) if issubclass(cls, InvalidFields) else []
    # Not as the class is made: some take what they say themselves.
    Problem.__init__(problem, told.detail, headers=headers)
    problem.members = members
    if isinstance(problem, InvalidFields):
        problem.problems = few(as_returned(Sequence[FieldProblem], fields))
    return problem


def _items_of(returned: Any) -> Any:
    """What a sequence that may be returned consists of; None where none may."""
    for one in (returned, *get_args(returned)):
        if get_origin(one) is Sequence:
            return get_args(one)[0]
    return None


def as_returned(returned: Any, value: Any) -> Any:
    """An answer as the type that the kind's own method returns. Raises ValueError, without what was answered."""
    item = _items_of(returned)
    try:
        if item is not None and isinstance(value, list):
            # The first wrong one is enough: to find all of them may take everybody's time for most of a second.
            return [adapter(item).validate_python(one) for one in value]
        return adapter(returned).validate_python(value)
    except ValidationError as error:
        few = error.errors(include_input=False)[:1] if error.error_count() < MAX_MISTAKES else []
        where = ".".join(str(part) for one in few for part in one["loc"])
        raise ValueError(f"the answer is of the wrong type{where and f' at {where}'}") from None
