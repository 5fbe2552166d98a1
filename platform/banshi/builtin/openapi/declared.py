"""JSON Schemas of what is declared as data: an item's guide, and its kind's details, as they read in one language.

They are made of the declarations' own types, so that a new key of items.toml is in the API's description by itself.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from banshi.kernel.contract.items import Texts
from banshi.kernel.http.document_schemas import MOMENT, TEXT, Record, Schema, array, maybe, ref

#: Values that are JSON as they are.
_PLAIN: Mapping[Any, Schema] = {
    str: TEXT,
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    date: {"type": "string", "format": "date"},
    datetime: MOMENT,
}


@dataclass(slots=True)
class Declared:
    """The schemas that were made so far.

    Args:
        owner: What the names of dataclasses begin with, such as `Appeal`; a dataclass that is known has its own.
    """

    schemas: dict[str, Schema] = field(default_factory=dict)
    names: dict[type, str] = field(default_factory=dict)
    owner: str = ""

    def members(self, cls: type, names: Collection[str] | None = None) -> dict[str, Schema]:
        """The schemas of a dataclass's fields by name, all of them or those of these names."""
        hints = _hints(cls)
        wanted = cls.__dataclass_fields__ if names is None else names  # type: ignore[attr-defined]
        return {name: self.schema(hints[name]) for name in wanted}

    def schema(self, hint: Any) -> Schema:
        """The schema of a type's values; of one that nothing is known of, any value."""
        if hint in _PLAIN:
            return _PLAIN[hint]
        if hint == Texts:
            return TEXT
        if isinstance(hint, type) and is_dataclass(hint):
            return self._named(hint)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return {"enum": [one.value for one in hint]}
        origin, args = get_origin(hint), get_args(hint)
        if origin is Literal:
            return {"type": "string", "enum": list(args)} if all(isinstance(one, str) for one in args) else {}
        if origin is Annotated:
            return self.schema(args[0])
        if origin in {Union, types.UnionType}:
            return self._any_of(args)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.schema(args[1])}
        if isinstance(origin, type) and issubclass(origin, Collection):
            return array(self.schema(args[0])) if args[1:] in {(), (...,)} else {"type": "array"}
        return {}

    def _any_of(self, args: tuple[Any, ...]) -> Schema:
        known = [self.schema(one) for one in args if one is not type(None)]
        found = known[0] if len(known) == 1 else {"anyOf": known}
        if len(known) == len(args) or not found:
            return found
        plain = isinstance(found.get("type"), str) and "enum" not in found and found["type"] not in {"array", "object"}
        return {**found, "type": [found["type"], "null"]} if plain else maybe(found)

    def _named(self, cls: type) -> Schema:
        if cls not in self.names:
            name = f"{self.owner}{cls.__name__}"
            if name in self.schemas:
                return self._record(cls)
            self.names[cls] = name
            # Before its members: one of them may be of the same class.
            self.schemas[name] = {}
            self.schemas[name] = self._record(cls)
        return ref(self.names[cls])

    def _record(self, cls: type) -> Schema:
        return {**Record(**self.members(cls)), "description": about(cls)}


@lru_cache(256)
def _hints(cls: type) -> Mapping[str, Any]:
    """A dataclass's types; they are evaluated once."""
    return get_type_hints(cls, include_extras=True)


def about(cls: type) -> str:
    """The first paragraph of a class's docstring, as one line."""
    return " ".join((cls.__doc__ or "").strip().partition("\n\n")[0].split())
