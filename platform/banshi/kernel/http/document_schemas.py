"""Parts of JSON Schemas that the documents of routes are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time", "description": "RFC 3339, with the city's offset."}
MAYBE_MOMENT: Schema = {**MOMENT, "type": ["string", "null"]}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
LINKS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
UUID: Schema = {"type": "string", "format": "uuid"}
#: The same for what is sent, where a reader's validator may not know the format.
EXACT_UUID: Schema = {
    **UUID,
    "pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
    "maxLength": 36,
    "x-pattern-hint": {"zh-CN": "应填UUID 编号。", "en": "Give a UUID."},
}


def ref(name: str) -> Schema:
    """A reference to a document that the API's description names, or to a schema that a plugin's route names."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: Schema) -> dict[str, Any]:
    """The schema's value, or null."""
    return {"oneOf": [{"type": "null"}, schema]}


def record(properties: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """A closed object whose properties are all there, but for the optional ones."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "required": required, "additionalProperties": False, "properties": dict(properties)}
