"""JSON Schemas of documents, and documents by their schemas: a member is named once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from banshi.forms import Form
from banshi.kernel.contract.items import Texts, text_in
from banshi.kernel.runtime.running import Platform

Schema = Mapping[str, Any]

#: A text.
TEXT: Schema = {"type": "string"}
#: A time, with the city's offset.
MOMENT: Schema = {"type": "string", "format": "date-time", "description": "RFC 3339, with the city's offset."}
#: A time, or null.
MAYBE_MOMENT: Schema = {**MOMENT, "type": ["string", "null"]}
#: A text, or null.
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
#: Texts by any names, such as addresses.
LINKS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
#: An id.
ID: Schema = {"type": "string", "format": "uuid"}


def ref(name: str) -> Schema:
    """A reference to a document that the API's description names, or to a schema that a plugin's route names."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: Schema) -> dict[str, Any]:
    """The schema's value, or null."""
    return {"oneOf": [{"type": "null"}, schema]}


def array(items: Schema, **more: Any) -> dict[str, Any]:
    """A list, and what else its schema says, such as a `description`."""
    return {"type": "array", "items": items, **more}


def named(code: str, title: Texts | None, language: str) -> dict[str, str]:
    """A code with its title, as documents name things; the code again where nothing of that code is there any more."""
    return {"code": code, "title": text_in(title, language) if title else code}


#: How a column is written, by its schema's format; others are JSON as they are.
WRITERS: Mapping[str, Callable[[Platform, Any], Any]] = {
    "date-time": lambda platform, at: platform.moment(at),
    "date": lambda _, day: day and day.isoformat(),
    "uuid": lambda _, identity: identity and str(identity),
}


class optional(dict[str, Any]):  # noqa: N801 - a word before a schema
    """The schema of a member that a record may go without."""


class Record(dict[str, Any]):
    """The JSON Schema of a closed object, by its members; it also writes rows as such objects."""

    def __init__(self, **members: Schema) -> None:
        required = [name for name, schema in members.items() if not isinstance(schema, optional)]
        super().__init__(type="object", required=required, additionalProperties=False, properties=members)
        self._columns = [(name, WRITERS.get(members[name].get("format", ""))) for name in required]

    def form(self) -> Form:
        """The form of a body that is such an object."""
        return Form.from_schema(self)

    def of(self, platform: Platform, row: object, /, **given: Any) -> dict[str, Any]:
        """The row as such an object: what is required and not `given` is its column, written by its `format`."""
        for name, write in self._columns:
            if name not in given:
                value = getattr(row, name)
                given[name] = write(platform, value) if write else value
        return given
