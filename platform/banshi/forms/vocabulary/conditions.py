"""`x-when`: a field that is asked only where fields beside it have certain values, as standard JSON Schema.

`"x-when": {"class": ["heavy", "special"]}` on a property: it is asked where each named field beside it has one of its
values; a list has one where any of its entries is one. What such a field has in `required` means: where it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from banshi.forms.schemas import LIST, NAMED, ONE, resolved
from banshi.forms.vocabulary.texts import value_key
from banshi.forms.words import WHEN
from banshi.foundation.findings import did_you_mean

NEEDED = "x-required"
_TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float), "boolean": bool}


def compiled_in(schema: Any) -> Any:
    """The schema with its conditions in standard keywords too, so that any validator keeps to them."""
    return _compiled(schema, schema)


def _compiled(schema: Any, node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    told = dict(node)
    told |= {key: _compiled(schema, node[key]) for key in ONE if key in node}
    told |= {key: [_compiled(schema, one) for one in node[key]] for key in LIST if key in node}
    told |= {key: {name: _compiled(schema, one) for name, one in node[key].items()} for key in NAMED if key in node}
    fields = told.get("properties", {})
    if asked := {name: one for name, one in fields.items() if isinstance(one, dict) and WHEN in one}:
        needed = {name for name, one in asked.items() if name in node.get("required", ()) or one.get(NEEDED)}
        told["properties"] = {name: {**one, NEEDED: True} if name in needed else one for name, one in fields.items()}
        told["required"] = [name for name in node.get("required", ()) if name not in asked]
        rules = [_rule(schema, fields, name, needed=name in needed) for name in asked]
        told["allOf"] = [*told.get("allOf", ()), *rules]
    return told


def _rule(schema: Any, fields: Mapping[str, Any], name: str, *, needed: bool) -> dict[str, Any]:
    values = {}
    for sibling, listed in fields[name][WHEN].items():
        one_of = {"enum": listed}
        is_list = "array" in _said(schema, fields[sibling], "type")
        values[sibling] = {"type": "array", "contains": one_of} if is_list else one_of
    rule: dict[str, Any] = {"if": {"required": list(values), "properties": values}}
    return rule | ({"then": {"required": [name]}} if needed else {}) | {"else": {"properties": {name: False}}}


def is_rule(rule: Any, fields: Mapping[str, Any]) -> bool:
    """Whether a branch of `allOf` is there for the sake of a condition."""
    names = rule.get("else", {}).get("properties", {}) if isinstance(rule, dict) and "if" in rule else {}
    return len(names) == 1 and all(WHEN in fields.get(name, {}) and one is False for name, one in names.items())


def _said(schema: Any, node: Any, keyword: str, depth: int = 0) -> list[Any]:
    """What a field says of itself by a keyword, or by what it refers to; a list in any case."""
    if not isinstance(node, dict) or depth > 20:
        return []
    if keyword in node:
        return node[keyword] if isinstance(node[keyword], list) else [node[keyword]]
    return _said(schema, resolved(schema, node["$ref"]), keyword, depth + 1) if "$ref" in node else []


def condition_faults(schema: Any, node: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the conditions of an object's fields."""
    fields = {name: one for name, one in node.get("properties", {}).items() if isinstance(one, dict)}
    leads: dict[str, set[str]] = {}
    for name, one in fields.items():
        if NEEDED in one and WHEN not in one:
            yield f"{name}: {NEEDED} is the platform's own word; write the field into required"
        if WHEN not in one:
            continue
        when = one[WHEN]
        right = isinstance(when, dict) and when and all(isinstance(some, list) and some for some in when.values())
        if not right or any(isinstance(value, dict | list) for some in when.values() for value in some):
            yield f"{name}: {WHEN} names fields beside it with their values, such as {{'class': ['heavy']}}"
            continue
        leads[name] = {*when} & fields.keys()
        for sibling, values in when.items():
            yield from (f"{name}: {fault}" for fault in _value_faults(schema, fields, sibling, values))
    try:
        TopologicalSorter(leads).prepare()
    except CycleError as error:
        yield f"{WHEN} leads in a circle: {' → '.join(error.args[1])}; one of these fields has to be asked anyway"


def _value_faults(schema: Any, fields: Mapping[str, Any], sibling: str, values: list[Any]) -> Iterator[str]:
    if sibling not in fields:
        yield f"{WHEN} names {sibling!r}, which is no field beside it: {did_you_mean(sibling, [*fields])}"
        return
    field = fields[sibling]
    types = _said(schema, field, "type")
    if "array" in types:
        field = (_said(schema, field, "items") or [{}])[0]
        types = _said(schema, field, "type")
    options = _said(schema, field, "enum") or _said(schema, field, "const")
    known = {value_key(one) for one in options}
    for value in values:
        if (options and value_key(value) not in known) or not _fits(value, types):
            instead = f"its choices are {', '.join(map(value_key, options))}" if options else f"it is {types}"
            yield f"{WHEN} waits for {value_key(value)} of {sibling!r}, which it can never be: {instead}"


def _fits(value: Any, types: list[str]) -> bool:
    if not types or (value is None and "null" in types):
        return True
    if isinstance(value, bool):
        return "boolean" in types
    return any(isinstance(value, _TYPES[one]) for one in types if one in _TYPES and one != "boolean")


def stray_faults(node: Mapping[str, Any], *, is_field: bool) -> Iterator[str]:
    """A condition where no field is."""
    if WHEN in node and not is_field:
        yield f"{WHEN} stands on a field, directly below `properties`: move it there"
