"""How a noun of CAP is declared: a class whose elements stand in the order of the schema.

The reader, the writer, the API's documents and their JSON Schema all walk these declarations.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, NamedTuple, dataclass_transform

from mobile_push.cap.errors import CapError
from mobile_push.cap.kinds import Kind


class Declared(NamedTuple):
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


def element(
    name: str, kind: Kind[Any] | type[Element], about: str, *, many: bool = False, default: Any = MISSING
) -> Any:
    """A field that is an element of CAP; without a default it has to be there."""
    required = default is MISSING
    metadata = {"name": name, "kind": kind, "about": about, "many": many, "required": required}
    return field(default=None if required else default, metadata=metadata)


def maybe(name: str, kind: Kind[Any], about: str) -> Any:
    """An element that may be missing: then it is None."""
    return element(name, kind, about, default=None)


def several(name: str, kind: Kind[Any] | type[Element], about: str) -> Any:
    """An element that may be there any number of times: it is a tuple."""
    return element(name, kind, about, many=True, default=())


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(element, maybe, several))
class Element:
    """A noun of CAP, a frozen dataclass that is checked when it is made.

    Raises:
        CapError: a value is not what CAP allows; the error names the element and says what to do.
    """

    #: Its elements in the order in which the schema wants them.
    declared: ClassVar[tuple[Declared, ...]]

    def __init_subclass__(cls) -> None:
        made: Any = dataclass(frozen=True, kw_only=True)(cls)
        cls.declared = tuple(Declared(attribute=one.name, **one.metadata) for one in fields(made))

    def __post_init__(self) -> None:
        for one in self.declared:
            value = getattr(self, one.attribute)
            if value is None or value == ():
                if one.required:
                    raise CapError("this has to be there; add it", one.name)
            elif isinstance(one.kind, Kind):
                for place, each in enumerate(value if one.many else (value,)):
                    try:
                        one.kind.check(each)
                    except ValueError as error:
                        raise CapError(str(error), one.name, *([place] if one.many else [])) from None
