"""How a noun of CAP is declared: a frozen dataclass whose fields stand in the order of the schema.

The reader, the writer, the API's documents and their JSON Schema all walk these declarations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mobile_push.cap.errors import CapError
from mobile_push.cap.kinds import Kind


@dataclass(frozen=True, slots=True)
class Declared:
    """One element that a noun may have."""

    #: The attribute of the dataclass.
    attribute: str
    #: CAP's name.
    name: str
    #: What it holds: a kind of value, or another noun.
    kind: Kind[Any] | type[Element]
    #: What it means, for the API's documentation.
    about: str
    #: Whether there may be several, which are a tuple.
    many: bool
    required: bool


def element(name: str, kind: Kind[Any] | type[Element], about: str, *, many: bool = False) -> Mapping[str, Any]:
    """The metadata of a dataclass field that is an element of CAP."""
    return {"cap": (name, kind, about, many)}


#: What `declared` found, once for each noun.
_DECLARED: dict[type[Element], tuple[Declared, ...]] = {}


def declared(noun: type[Element]) -> tuple[Declared, ...]:
    """The elements of a noun in the order in which the schema wants them."""
    if noun not in _DECLARED:
        _DECLARED[noun] = tuple(
            Declared(one.name, name, kind, about, many, one.default is dataclasses.MISSING)
            for one in dataclasses.fields(noun)
            for name, kind, about, many in (one.metadata["cap"],)
        )
    return _DECLARED[noun]


@dataclass(frozen=True, kw_only=True)
class Element:
    """A noun of CAP, checked when it is made.

    Raises:
        CapError: a value is not what CAP allows; the error names the element and says what to do.
    """

    def __post_init__(self) -> None:
        for one in declared(type(self)):
            value = getattr(self, one.attribute)
            if one.many:
                self._check_many(one, value)
            elif value is not None and value != ():
                _check(one, value, one.name)
            elif one.required:
                raise CapError("this has to be there; add it", one.name)

    @staticmethod
    def _check_many(one: Declared, values: object) -> None:
        if not isinstance(values, tuple):
            raise CapError(f"{type(values).__name__} where a tuple belongs", one.name)
        if one.required and not values:
            raise CapError("there has to be at least one; add it", one.name)
        for place, value in enumerate(values):
            _check(one, value, one.name, place)


def _check(one: Declared, value: object, *path: str | int) -> None:
    if isinstance(one.kind, Kind):
        try:
            one.kind.check(value)
        except ValueError as error:
            raise CapError(str(error), *path) from None
    elif not isinstance(value, one.kind):
        raise CapError(f"{type(value).__name__} where {one.kind.__name__} belongs", *path)
