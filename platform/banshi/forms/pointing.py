"""Which field of a form a pointer means: whatever somebody wrote, made one that the form has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from banshi.forms.pointers import names_in, pointer, unescaped
from banshi.forms.schemas import resolved

#: Schemas of one place that are looked at: a form may say the same field in several ways.
MAX_SCHEMAS = 200


def fields_at(schema: Mapping[str, Any], pointer: str) -> list[Mapping[str, Any]]:
    """The subschemas that describe the answer at a JSON Pointer through objects; none where there is no such field."""
    if not pointer.startswith("/"):
        return []
    nodes = same_value(schema, [schema])
    for name in names_in(pointer):
        below = [node["properties"][name] for node in nodes if name in node.get("properties", {})]
        nodes = same_value(schema, below)
    return nodes


def placed(written: str, schema: Mapping[str, Any], answers: Any = None) -> tuple[str, str]:
    """The pointer that is meant, and what its author has to write instead; "" where it is right."""
    parts = read(written)
    if parts[:1] == ["answers"] and not _exists(schema, parts[:1], answers):
        # A pointer into the body in place of one into the answers.
        parts = parts[1:]
    there = len(parts)
    while there and not _exists(schema, parts[:there], answers):
        there -= 1
    right = pointer(parts[:there])
    if right == written:
        return right, ""
    if there == len(parts):
        return right, f'write FieldProblem("{right}", …): a pointer begins with a slash and goes into the answers'
    # What was written is not repeated: it may be what a citizen entered.
    fields = ", ".join(f'"{pointer([name])}"' for name in list(schema.get("properties", {}))[:20])
    return right, f'name a field of the form ({fields}), or "" for all of it; what is told stands at "{right}" now'


def read(written: str) -> list[str]:
    """The names that a pointer has, however it was written: "/zones/0", "#/zones/0", "zones/0", "zones[0]"."""
    text = unquote(written[1:]) if written.startswith("#") else written
    names = text[1:].split("/") if text.startswith("/") else re.findall(r"[^/.\[\]]+", text)
    return [unescaped(name) for name in names]


def _exists(schema: Mapping[str, Any], parts: Sequence[str], answers: Any) -> bool:
    """Whether there can be something at that place: it was handed in, or the form asks for it."""
    return _is_in(answers, parts) or bool(_schemas_at(schema, parts))


def _is_in(value: Any, parts: Sequence[str]) -> bool:
    for part in parts:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]{0,5}", part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return False
    return True


def _schemas_at(schema: Mapping[str, Any], parts: Sequence[str]) -> list[Any]:
    places: list[Any] = [schema]
    for part in parts:
        places = [one for alike in same_value(schema, places) for one in _children(alike, part)]
    return places


def same_value(schema: Any, places: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The schemas at these places, with all that `$ref`, `allOf` and the like say of the same value."""
    found: dict[int, Mapping[str, Any]] = {}
    waiting = list(places)
    while waiting and len(found) < MAX_SCHEMAS:
        node = waiting.pop()
        if not isinstance(node, Mapping) or id(node) in found:
            continue
        found[id(node)] = node
        if "$ref" in node:
            waiting.append(resolved(schema, str(node["$ref"])))
        waiting += [one for key in ("allOf", "anyOf", "oneOf") for one in node.get(key, ())]
        waiting += [node[key] for key in ("if", "then", "else") if key in node]
        waiting += node.get("dependentSchemas", {}).values()
    return list(found.values())


def _children(node: Mapping[str, Any], part: str) -> Iterator[Any]:
    """What a schema says of the member or element of that name."""
    known = node.get("properties", {})
    if part in known:
        yield known[part]
    elif node.get("patternProperties") or isinstance(node.get("additionalProperties"), Mapping):
        yield node.get("additionalProperties", {})
    elif not known and node.get("type") == "object" and node.get("additionalProperties", True) is True:
        yield {}
    if re.fullmatch("0|[1-9][0-9]{0,5}", part) and ("items" in node or "prefixItems" in node):
        first = node.get("prefixItems", ())
        yield first[int(part)] if int(part) < len(first) else node.get("items", {})
