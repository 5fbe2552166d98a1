"""Which field of a form a plugin's pointer means: whatever its author wrote, made one that the reader's form has."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import structlog

from banshi.forms.pointers import pointer, unescaped
from banshi.forms.schemas import resolved
from banshi.foundation.errors import FieldProblem
from banshi.foundation.field_problems import few
from banshi.kernel.contract.values import Item

log = structlog.get_logger("banshi.pointing")

#: Schemas of one place that are looked at: a form may say the same field in several ways.
MOST_SCHEMAS = 200


class PluginWarning(UserWarning):
    """Something in a plugin that its author has to mend, and that the platform made right meanwhile."""


def pointed(found: Iterable[FieldProblem], item: Item, answers: Any) -> list[FieldProblem]:
    """A handler's problems with answers, each at a field of the item's form, with pointers into the body.

    Whoever writes "dog" means the field: a citizen is never told that the department failed because of that. The author
    is told what to write, in the log and as a `PluginWarning`, which pytest shows.
    """
    return [replace(one, pointer=f"/answers{_told(one.pointer, item, answers)}") for one in few(found)]


def _told(written: str, item: Item, answers: Any) -> str:
    right, advice = placed(written, item, answers)
    if advice:
        log.warning(
            "a problem names no field of the form", plugin=item.plugin, item=item.code, method="validate", advice=advice
        )
        warnings.warn(f"{item.plugin}: {item.code}: validate: {advice}", PluginWarning, stacklevel=2)
    return right


def placed(written: str, item: Item, answers: Any = None) -> tuple[str, str]:
    """The pointer that is meant, and what its author has to write instead; "" where it is right."""
    schema = item.form.schema if item.form is not None else {}
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
        inside = [one for place in places for alike in _alike(schema, place) for one in _children(alike, part)]
        places = inside[:MOST_SCHEMAS]
    return places


def _alike(schema: Any, place: Any) -> Iterator[Mapping[str, Any]]:
    """The schemas that say something of the same value."""
    waiting, seen = [place], 0
    while waiting and seen < MOST_SCHEMAS:
        node = waiting.pop()
        seen += 1
        if not isinstance(node, Mapping):
            continue
        yield node
        if "$ref" in node:
            waiting.append(resolved(schema, str(node["$ref"])))
        waiting += [one for key in ("allOf", "anyOf", "oneOf") for one in node.get(key, ())]
        waiting += [node[key] for key in ("if", "then", "else") if key in node]
        waiting += node.get("dependentSchemas", {}).values()


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
