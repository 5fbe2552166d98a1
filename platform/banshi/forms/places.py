"""Where in answers a form asks for a number, so that it is spelled there as it is stored before anybody judges it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from banshi.forms.numbers import NUMBERS, RESIDENT_ID, STORED
from banshi.forms.schemas import children, compiled, resolved
from banshi.forms.spelling import spelled, spelled_id
from banshi.forms.words import Found, Path


@dataclass(slots=True)
class Place:
    """What a schema says of numbers in one value, and in what the value holds."""

    #: Formats of the value itself.
    formats: list[str] = field(default_factory=list)
    #: Another branch of `anyOf` or `oneOf` takes any text.
    any_text: bool = False
    #: What else holds for the same value: branches, and what `$ref` leads to.
    also: list[Place] = field(default_factory=list)
    properties: dict[str, Place] = field(default_factory=dict)
    patterns: list[tuple[jsonschema_rs.Validator, Place]] = field(default_factory=list)
    #: Properties that are not named, list entries by place, and the others.
    others: list[Place] = field(default_factory=list)
    first: dict[int, Place] = field(default_factory=dict)
    items: list[Place] = field(default_factory=list)

    def inside(self, value: Any) -> list[tuple[Any, Place]]:
        """The names or numbers of what an object or a list holds, each with a place that says something of it."""
        found: list[tuple[Any, Place]] = []
        if isinstance(value, dict):
            for name, place in self.properties.items():
                if name in value:
                    found.append((name, place))
            if self.others or self.patterns:
                found += [(name, place) for place in self.others for name in value if name not in self.properties]
                found += [(name, place) for pattern, place in self.patterns for name in value if pattern.is_valid(name)]
        elif isinstance(value, list):
            found += [(index, place) for index, place in self.first.items() if index < len(value)]
            rest = [index for index in range(len(value)) if index not in self.first] if self.items else ()
            found += [(index, place) for place in self.items for index in rest]
        return found


def places_in(schema: Mapping[str, Any]) -> Place | None:
    """Where a form asks for numbers; None where it asks for none. A model's schema may lead back to itself."""
    return _place(schema, schema, {}) if _asks(schema, schema, set()) else None


def _asks(schema: Any, node: Any, seen: set[int]) -> bool:
    """Whether a format of numbers is anywhere below."""
    if not isinstance(node, dict) or id(node) in seen:
        return False
    seen.add(id(node))
    if node.get("format") in NUMBERS or ("$ref" in node and _asks(schema, resolved(schema, node["$ref"]), seen)):
        return True
    return any(_asks(schema, child, seen) for _, child in children(node))


def _place(schema: Any, node: Mapping[str, Any], known: dict[int, Place]) -> Place:
    if id(node) in known:
        return known[id(node)]
    place = known[id(node)] = Place()
    if node.get("format") in NUMBERS:
        place.formats.append(node["format"])
    place.any_text = any(map(_takes_any_text, (*node.get("anyOf", ()), *node.get("oneOf", ()))))
    referred = [(("allOf",), resolved(schema, node["$ref"]))] if "$ref" in node else []
    for step, child in (*children(node), *referred):
        # What has no number in it is left out: a form has many fields, and few are numbers.
        if _asks(schema, child, set()):
            _join(place, step, _place(schema, child, known))
    return place


def _takes_any_text(branch: Any) -> bool:
    return branch is True or (
        isinstance(branch, dict) and branch.get("type", "string") == "string" and not branch.keys() & {"format", "$ref"}
    )


def _join(place: Place, step: Path, below: Place) -> None:
    match step:
        case ("properties", str(name)):
            place.properties[name] = below
        case ("patternProperties", str(pattern)):
            place.patterns.append((compiled({"pattern": pattern}), below))
        case ("additionalProperties" | "unevaluatedProperties",):
            place.others.append(below)
        case ("prefixItems", int(index)):
            place.first[index] = below
        case ("items" | "contains" | "unevaluatedItems",):
            place.items.append(below)
        case ("allOf" | "anyOf" | "oneOf" | "dependentSchemas" | "then" | "else", *_):
            place.also.append(below)
        case _:
            pass  # A condition is none of the answers, and a definition holds where it is referred to.


def spelled_in(place: Place, value: Any, verified: str) -> Any:
    """The value with its numbers as they are stored: itself where nothing changes, else a copy of what does.

    `verified` is the ID number of whoever answers, as it is stored: that one is found however it is written.
    """
    if isinstance(value, str):
        for name in place.formats:
            if verified and name == RESIDENT_ID and spelled_id(value) == verified:
                value = verified
            elif not STORED[name].fullmatch(value):
                value = spelled(name, value)
    else:
        changed: Any = None
        for step, below in place.inside(value):
            held = value[step] if changed is None else changed[step]
            told = spelled_in(below, held, verified)
            if told is not held:
                changed = copy.copy(value) if changed is None else changed
                changed[step] = told
        value = value if changed is None else changed
    for other in place.also:
        value = spelled_in(other, value, verified)
    return value


def is_verified(found: Found, answers: Any, verified: str) -> bool:
    """Whether a problem is that of the form of the very number that was verified.

    A passport's number, or one with a wrong check digit, is no ID number to a form; who verified it saw the document.
    """
    if (found.code, found.what) != ("format", RESIDENT_ID):
        return False
    value = answers
    for step in found.path:
        value = value[step]
    return bool(value == verified)


def wrong_in(place: Place, value: Any, path: Path = ()) -> Iterator[Found]:
    """The numbers that are none: for a model, which publishes a format and doesn't know it."""
    if isinstance(value, str):
        formats = list(_formats(place))
        if formats and not any(NUMBERS[name](value) for name in formats):
            yield Found(path, "format", formats[0])
        return
    for step, below in place.inside(value):
        yield from wrong_in(below, value[step], (*path, step))
    for other in place.also:
        yield from wrong_in(other, value, path)


def _formats(place: Place) -> Iterator[str]:
    if not place.any_text:
        yield from place.formats
        for other in place.also:
            yield from _formats(other)
