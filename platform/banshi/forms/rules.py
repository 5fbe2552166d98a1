"""What authors read: the rules that a form's schema has to keep, beyond JSON Schema itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, lru_cache, partial
from typing import Any

import orjson
from jsonschema_rs import ValidationErrorKind as Kind

from banshi.forms.days import KEYWORDS, limit_faults
from banshi.forms.pointers import pointer
from banshi.forms.schemas import LIST, NAMED, ONE, children, compiled, read_error, resolved, subschemas
from banshi.forms.vocabulary.conditions import condition_faults, stray_faults
from banshi.forms.vocabulary.fields import field_faults
from banshi.forms.words import FORMATS, say

#: Subschemas in a form once every `$ref` is written out.
_MAX_SUBSCHEMAS = 10_000
#: Levels of nesting, `$ref` included; the validator's own recursion is in native code, where too much of it is fatal.
_MAX_SCHEMA_DEPTH = 100
_OTHERS = """
    $schema $id $ref $comment $anchor title description default deprecated readOnly writeOnly examples type enum const
    pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength minItems maxItems
    uniqueItems minContains maxContains minProperties maxProperties required dependentRequired contentEncoding
    contentMediaType x-attachment x-place x-pattern-hint x-unit x-shows x-texts x-words
    x-accepts x-groups x-when x-required x-mask x-prefill x-choices
"""
_KEYWORDS = frozenset({*ONE, *LIST, *NAMED, *_OTHERS.split()})
_WORDS = frozenset(word for word in _KEYWORDS | {*KEYWORDS} if word.startswith("x-"))
#: What a field can be of the place that answers are about (WGS 84, in degrees), and the type that it then has.
PLACES = {"address": "string", "latitude": "number", "longitude": "number"}
_DIALECTS = {"https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2020-12/schema#"}
_REF = "put what it means into $defs and refer to '#/$defs/…'; nothing is fetched"


def copied(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in plain JSON that its author can't change later; a date that TOML read becomes a string again."""
    if not isinstance(schema, Mapping):
        raise ValueError(f"#: a form is a JSON Schema object, not {type(schema).__name__}")
    try:
        copy: dict[str, Any] = orjson.loads(orjson.dumps(dict(schema)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"#: the schema is not plain JSON: {error}") from error
    return copy


def faults_of(schema: dict[str, Any]) -> list[str]:
    """What is wrong with a schema, one sentence each that begins with the place."""
    if schema.get("$schema") not in {None, *_DIALECTS}:
        return ["#/$schema: write JSON Schema 2020-12 (https://json-schema.org/draft/2020-12/schema), or leave it out"]
    faults = list(dict.fromkeys(_against_metaschema(schema)))
    nodes = [] if faults else list(subschemas((), schema))
    places = {id(node) for _, node in nodes}
    for path, node in nodes:
        if isinstance(node, dict):
            faults += [f"#{pointer(path)}: {fault}" for fault in _own_rules(node, root=not path)]
            if "$ref" in node and id(resolved(schema, node["$ref"])) not in places:
                faults.append(f"#{pointer(path)}: $ref {node['$ref']!r} leads to no part of this schema; {_REF}")
    faults += [] if faults else word_faults(schema)
    if not faults:
        try:
            _weigh(schema, schema, {}, ())
        except ValueError as error:
            faults.append(str(error))
    return faults


_metaschema = cache(partial(compiled, {"$ref": "https://json-schema.org/draft/2020-12/schema"}))


def _against_metaschema(schema: dict[str, Any]) -> Iterator[str]:
    for error in _metaschema().iter_errors(schema):
        place = f"#{pointer(tuple(error.instance_path))}"
        match error.kind:
            case Kind.Format(format="regex"):
                yield f"{place}: {_about_pattern(str(error.instance))}"
            case Kind.PropertyNames(error=inner):
                yield f"{place}{pointer([str(inner.instance)])}: {_about_pattern(str(inner.instance))}"
            case Kind.Pattern():
                yield f"{place}: {error.instance!r} is not what {error.instance_path[-1]} may be"
            case _:
                yield from (f"#{pointer(found.path)}: {say(found, 'en').detail}" for found in read_error(error, {}))


@lru_cache(maxsize=1_024)
def _is_pattern(pattern: str) -> bool:
    """Whether the linear-time engine takes it; the metaschema's own check asks a more permissive one."""
    with suppress(ValueError):
        return compiled({"pattern": pattern}) is not None
    return False


def _about_pattern(pattern: str) -> str:
    """Why a pattern was refused, as far as that can be told, and what to do."""
    if re.search(r"\(\?<?[=!]", pattern):
        return "look-around is refused: it can't be matched in linear time; use several patterns in `allOf`, or `not`"
    if re.search(r"\\[1-9]|\(\?P=|\\k<", pattern):
        return "a back-reference is refused: it can't be matched in linear time; check it in the handler instead"
    try:
        re.compile(re.sub(r"\\p\{\w+\}", "x", pattern, flags=re.ASCII))
    except re.error as error:
        return f"not a regular expression: {error}"
    return "this pattern is too large or not supported; count with minLength and maxLength instead of {m,n}"


def _own_rules(node: dict[str, Any], *, root: bool) -> Iterator[str]:
    """The kernel's rules for one subschema, beyond the metaschema."""
    for keyword in node.keys() - _KEYWORDS:
        if meant := _near(keyword, _KEYWORDS):
            yield f"{keyword!r} is no keyword; did you mean {meant!r}? (a word of your own begins with x-)"
    for keyword in node.keys() & {"$dynamicRef", "$recursiveRef"}:
        yield f"{keyword} is refused; {_REF}"
    if "$id" in node and not root:
        yield "$id is only for the schema as a whole; name a part of it in $defs"
    if (name := node.get("format")) is not None and name not in FORMATS:
        yield f"format {name!r} is unknown; the formats are {', '.join(FORMATS)}; for another use `pattern`"
    for pattern in (*([node["pattern"]] if "pattern" in node else []), *node.get("patternProperties", ())):
        if not _is_pattern(pattern):
            yield f"pattern {pattern!r}: {_about_pattern(pattern)}"
    if not isinstance(node.get("x-attachment", True), bool):
        yield "write x-attachment as true, without quotes"
    if (place := node.get("x-place")) is not None and PLACES.get(str(place)) != node.get("type"):
        yield f"x-place is 'address' of a string, 'latitude' or 'longitude' of a number, not {place!r}"
    if node.get("additionalProperties") is False and "patternProperties" not in node:
        properties = sorted(node.get("properties", {}))
        for name in sorted(set(node.get("required", ())) - set(properties)):
            near = difflib.get_close_matches(name, properties, 1)
            instead = f"; did you mean {near[0]!r}?" if near else ""
            yield f"no answer could be right: {name!r} is in required and not in properties{instead}"


def word_faults(schema: dict[str, Any]) -> list[str]:
    """What is wrong with the words of our own in a schema that somebody else has made and checked."""
    faults = []
    for path, node in subschemas((), schema):
        if isinstance(node, dict):
            of_node = (
                *_near_words(node),
                *limit_faults(node, partial(_is_day, schema)),
                *field_faults(node),
                *condition_faults(schema, node),
                *stray_faults(node, is_field=path[-2:-1] == ("properties",)),
            )
            faults += [f"#{pointer(path)}: {fault}" for fault in of_node]
    return faults


def _near_words(node: dict[str, Any]) -> Iterator[str]:
    """What is misspelt is a word of the author's own to everybody else, and holds nobody to anything."""
    for word in node.keys() - _KEYWORDS - _WORDS:
        if near := _near(word, _WORDS):
            yield f"{word!r} is no keyword; did you mean {near!r}?"


# Forms write the same few words a thousand times, and each is compared with all keywords letter by letter.


@lru_cache(maxsize=2_000)
def _near(word: str, known: frozenset[str]) -> str:
    return next(iter(difflib.get_close_matches(word, known, 1, 0.8)), "")


def _is_day(schema: Any, node: Any, depth: int = 0) -> bool:
    """Whether a subschema says of itself, or by what it refers to, that it is of a date or a date-time."""
    if not isinstance(node, dict) or depth > _MAX_SCHEMA_DEPTH:
        return False
    kinds = node.get("type", "string")
    if node.get("format") in {"date", "date-time"} and "string" in kinds:
        return True
    inner = [one for key in ("allOf", "anyOf", "oneOf") for one in node.get(key, ())]
    if "$ref" in node:
        inner.append(resolved(schema, node["$ref"]))
    return any(_is_day(schema, one, depth + 1) for one in inner)


def _weigh(schema: Any, node: Any, known: dict[str, int], open_refs: tuple[str, ...], depth: int = 0) -> int:
    """How many subschemas `node` unfolds to; ValueError when they are too many, too deep, or without end.

    Without this, twenty lines of `$ref` that double from one to the next keep the event loop busy for an hour.
    """
    if depth > _MAX_SCHEMA_DEPTH:
        raise ValueError(f"#: the schema is nested more than {_MAX_SCHEMA_DEPTH} levels deep; make it flatter")
    total = 1
    for step, child in children(node):
        if step[0] not in {"$defs", "definitions"}:
            total += _weigh(schema, child, known, open_refs, depth + 1)
    ref = node.get("$ref") if isinstance(node, dict) else None
    if ref in open_refs:
        raise ValueError(f"#: $ref {ref!r} leads back to itself: remove it, or answers could be nested without end")
    if ref is not None:
        if ref not in known:
            known[ref] = _weigh(schema, resolved(schema, ref), known, (*open_refs, ref), depth + 1)
        total += known[ref]
    if total > _MAX_SUBSCHEMAS:
        raise ValueError(f"#: the schema unfolds to more than {_MAX_SUBSCHEMAS} subschemas; use enum for long lists")
    return total
