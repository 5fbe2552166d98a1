"""Which field of a form a pointer means: whatever somebody wrote, made one that the form has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from banshi.forms.days import title_of
from banshi.forms.pointers import names_in, pointer, unescaped
from banshi.forms.schemas import resolved
from banshi.forms.vocabulary.texts import WORDS, value_key
from banshi.forms.words import WHEN, Found, Path

#: Schemas of one place that are looked at: a form may say the same field in several ways, by one of these keywords.
MAX_SCHEMAS = 200
ALIKE = {"$ref", "allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"}


def fields_at(schema: Mapping[str, Any], pointer: str) -> list[Mapping[str, Any]]:
    """The subschemas that describe the answer at a JSON Pointer through objects; none where there is no such field."""
    if not pointer.startswith("/"):
        return []
    nodes = same_value(schema, [schema])
    for name in names_in(pointer):
        nodes = same_value(schema, [node["properties"][name] for node in nodes if name in node.get("properties", {})])
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


def schemas_of(schema: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    """Everything that the form says of the answer at a path."""
    return same_value(schema, _schemas_at(schema, [*map(str, path)]))


def words_at(schema: Mapping[str, Any], pointer: str) -> dict[str, Mapping[str, str]]:
    """What each choice of a field, or of the entries of a list, is called in its languages, by its value as a text."""
    choices = [one for one in _choices_at(schema, tuple(names_in(pointer))) if isinstance(one.get("title"), Mapping)]
    return {one["const"] if isinstance(one["const"], str) else value_key(one["const"]): one["title"] for one in choices}


def worded(schema: Mapping[str, Any], found: Found) -> Found:
    """The problem with the words of choices in place of their values, and with titles in place of names."""
    if found.sentence == "either":
        return replace(found, what=[title_at(schema, (*found.path, name)) for name in found.what])
    if found.code == WHEN:
        beside = [((*found.path[:-1], name), values) for name, values in found.what.items()]
        return replace(found, what=[(title_at(schema, path), _words(schema, path, some)) for path, some in beside])
    if found.code == "const":
        return replace(found, what=_words(schema, found.path, [found.what])[0])
    return replace(found, what=_words(schema, found.path, found.what)) if found.code == "enum" else found


def title_at(schema: Mapping[str, Any], path: Path) -> str | Mapping[str, str]:
    """What the form calls what is at the path."""
    return next((title for one in schemas_of(schema, path) if (title := title_of(one, ""))), str(path[-1]))


def _choices_at(schema: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    """The choices with words of a field, or of a list's entries."""
    nodes = schemas_of(schema, path) + schemas_of(schema, (*path, 0))
    return [one for node in nodes for one in node.get(WORDS, ())]


def _words(schema: Mapping[str, Any], path: Path, values: Any) -> Any:
    """Values with their words; a model says its choices as one text."""
    if not (choices := _choices_at(schema, path)):
        return values
    words = {value_key(one["const"]): ("word", one["title"]) for one in choices if "title" in one}
    options = [one["const"] for one in choices] if isinstance(values, str) else values
    return [one if isinstance(one, tuple) else words.get(value_key(one), one) for one in options]


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
        if not isinstance(node, (dict, Mapping)) or id(node) in found:
            continue
        found[id(node)] = node
        if ALIKE.isdisjoint(node):
            continue
        waiting += [resolved(schema, str(node["$ref"]))] if "$ref" in node else []
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
