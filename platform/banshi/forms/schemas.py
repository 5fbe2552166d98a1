"""Answers read by a JSON Schema: the compiled validator, and its errors as problems of single fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from banshi.forms.days import CALENDAR, IN_ORDER, KEYWORDS
from banshi.forms.numbers import NUMBERS
from banshi.forms.pointers import names_in
from banshi.forms.words import MAX_TRIED, SENTENCES, WHEN, Found, Path, Reader

#: Bytes that one compiled pattern may take: `^[\\p{L}·]{2,50}$` fits, a counted repetition of a repetition does not.
_PATTERN_BYTES = 3 << 20
_EMAIL = jsonschema_rs.EmailOptions(require_tld=True, allow_domain_literal=False, allow_display_text=False)

ONE = ["not", "if", "then", "else", "contains", "items", "additionalProperties", "propertyNames"]
ONE += ["unevaluatedItems", "unevaluatedProperties", "contentSchema"]
LIST = ["allOf", "anyOf", "oneOf", "prefixItems"]
NAMED = ["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"]
INNER = {*ONE, *LIST, *NAMED}
#: A subschema, and the path to it.
Node = tuple[Path, Any]


def compiled(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(
        dict(schema),
        validate_formats=True,
        ignore_unknown_formats=False,
        formats={**CALENDAR, **NUMBERS},  # type: ignore[dict-item]  # true is enough
        keywords=KEYWORDS,
        offline=True,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=_PATTERN_BYTES, dfa_size_limit=_PATTERN_BYTES),
        email_options=_EMAIL,
    )


def schema_reader(schema: Mapping[str, Any], validator: jsonschema_rs.Validator) -> Reader:
    def read(answers: Any) -> tuple[Any, Sequence[Found]]:
        try:
            if validator.is_valid(answers):
                return answers, ()
            # The validator collects every error before it hands over the first: count before it starts.
            if _tries_too_much(schema, answers):
                return answers, [Found((), "tooLarge")]
            return answers, [found for error in validator.iter_errors(answers) for found in read_error(error, schema)]
        except UnicodeError:
            return answers, [Found((), "invalid", sentence="text")]
        except ValueError as error:
            return answers, [Found((), "nesting" if "ecursion" in str(error) else "invalid")]

    return read


def read_error(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> Iterator[Found]:
    """The error as problems, each at the field that it is about."""
    path = tuple(error.instance_path)
    match error.kind:
        case Kind.Required(property=name):
            dependent = error.schema_path[-1:] == ["dependentRequired"]
            yield Found((*path, name), "dependentRequired" if dependent else "required")
        case Kind.AdditionalProperties(unexpected=names) | Kind.UnevaluatedProperties(unexpected=names):
            yield from (Found((*path, name), error.kind.name) for name in names)
        case Kind.FalseSchema() if when := _condition(schema, error.schema_path):
            yield Found(path, WHEN, when)
        case Kind.FalseSchema() if error.schema_path[-1:] == ["additionalProperties"]:
            # An object that may hold nothing at all: the validator doesn't say which fields it found.
            yield Found(path, "additionalProperties", sentence="falseSchema")
        case Kind.PropertyNames(error=inner):
            hint = _hint(schema, inner.schema_path) if isinstance(inner.kind, Kind.Pattern) else None
            yield Found((*path, str(inner.instance)), "propertyNames", hint=hint)
        case Kind.Contains():
            last = str(error.schema_path[-1])
            yield Found(path, last if last in {"minContains", "maxContains"} else "contains")
        case Kind.AnyOf(context=branches) | Kind.OneOfNotValid(context=branches):
            tried = [[found for one in branch for found in read_error(one, schema)] for branch in branches]
            yield from _nearest(tried, path, error.kind.name)
        case Kind.OneOfMultipleValid():
            yield Found(path, "oneOf", sentence="several")
        case Kind.Custom(keyword=keyword, message=told) if keyword == IN_ORDER:
            name, earlier = json.loads(told)
            yield Found((*path, name), keyword, earlier)
        case Kind.Custom(keyword=keyword, message=told):
            yield Found(path, keyword, json.loads(told))
        case Kind.Pattern():
            yield Found(path, "pattern", hint=_hint(schema, error.schema_path))
        case kind:
            yield Found(path, kind.name if kind.name in SENTENCES else "invalid", kind.value)


def _nearest(branches: list[list[Found]], path: Path, keyword: str) -> list[Found]:
    """What to say when no branch of `anyOf` or `oneOf` fits: the problems of the one that was meant, if that shows."""

    def misfit(found: Found) -> bool:
        """Shows that another branch was meant: another type, or another value of the field that tells them apart."""
        if found.code in {"const", "enum"}:
            return found.path == path or found.path[:-1] == path
        return found.code == "type" and found.path == path

    meant = [branch for branch in branches if not any(map(misfit, branch))]
    if len(meant) == 1:
        return meant[0]
    wanting = [branch[0] for branch in meant if len(branch) == 1 and branch[0].path[:-1] == path]
    if meant and len(wanting) == len(meant) and all(found.code == "required" for found in wanting):
        return [Found(path, keyword, [str(found.path[-1]) for found in wanting], sentence="either")]
    misfits = [next(filter(misfit, branch), None) for branch in branches]
    # "A or nothing" is how an optional answer is written; that it could be nothing is not what the citizen missed.
    telling = [one for one in misfits if one and one.what != ["null"]] or [one for one in misfits if one]
    if not meant and len({one.path for one in telling}) == 1:
        if all(one.code == "type" for one in telling):
            return [Found(path, "type", [name for one in telling for name in one.what])]
        return [Found(telling[0].path, "enum", [option for one in telling for option in _options(one)])]
    return [Found(path, keyword)]


def _options(found: Found) -> list[Any]:
    """What could be given instead; a type among them is a pair, which no JSON value is."""
    if found.code == "type":
        return [("type", name) for name in found.what]
    return list(found.what) if found.code == "enum" else [found.what]


def _condition(schema: Mapping[str, Any], schema_path: Sequence[str | int]) -> Any:
    """The condition of the field that a branch (`allOf`, number, `else`, `properties`, name) takes away."""
    if list(schema_path[-3:-1]) != ["else", "properties"]:
        return None
    node: Any = schema
    for key in schema_path[:-5]:
        node = node[key]
    field = node.get("properties", {}).get(schema_path[-1])
    return field.get(WHEN) if isinstance(field, Mapping) else None


def _hint(schema: Mapping[str, Any], schema_path: Sequence[str | int]) -> Any:
    """The author's explanation beside the keyword at `schema_path`, if there is one."""
    node: Any = schema
    for key in schema_path[:-1]:
        node = node[key]
    return node.get("x-pattern-hint")


def children(node: Any) -> Iterator[Node]:
    """The subschemas directly inside a schema, each with the path from it; what enum or default hold is no schema."""
    if isinstance(node, dict) and not INNER.isdisjoint(node):
        yield from (((key,), node[key]) for key in ONE if key in node)
        yield from (((key, index), child) for key in LIST for index, child in enumerate(node.get(key, ())))
        yield from (((key, name), child) for key in NAMED for name, child in node.get(key, {}).items())


def subschemas(path: Path, node: Any) -> Iterator[Node]:
    """A schema that is at `path`, and all schemas inside it."""
    yield path, node
    for step, child in children(node):
        yield from subschemas(path + step, child)


def resolved(schema: Any, ref: str) -> Any:
    """The part of the schema that a `$ref` names by JSON Pointer, or None."""
    if not (ref == "#" or ref.startswith("#/")):
        return None
    node = schema
    for key in names_in(unquote(ref)):
        if isinstance(node, list) and key.isdecimal() and int(key) < len(node):
            node = node[int(key)]
        else:
            node = node.get(key) if isinstance(node, dict) else None
    return node


def _tries_too_much(schema: Any, answers: Any) -> bool:
    """Whether looking for every problem would try more than `MAX_TRIED` subschemas on values."""
    waiting, tried = [(schema, answers)], 0
    while waiting:
        node, value = waiting.pop()
        tried += 1
        if tried + len(waiting) > MAX_TRIED:
            return True
        if not isinstance(node, dict):
            continue
        if "$ref" in node:
            waiting.append((resolved(schema, node["$ref"]), value))
        is_object = isinstance(value, dict)
        for step, child in children(node):
            match step:
                case ("properties", name) if is_object and name in value:
                    waiting.append((child, value[name]))
                case ("prefixItems", int(index)) if isinstance(value, list) and index < len(value):
                    waiting.append((child, value[index]))
                case ("items" | "contains" | "unevaluatedItems",) if isinstance(value, list):
                    waiting += [(child, item) for item in value[: MAX_TRIED + 1]]
                case ("patternProperties", _) | ("additionalProperties" | "unevaluatedProperties",) if is_object:
                    waiting += [(child, item) for item in list(value.values())[: MAX_TRIED + 1]]
                case ("propertyNames",) if is_object:
                    waiting += [(child, name) for name in list(value)[: MAX_TRIED + 1]]
                case ("allOf" | "anyOf" | "oneOf" | "dependentSchemas", _) | ("not" | "if" | "then" | "else",):
                    waiting.append((child, value))
                case _:
                    pass
    return False
