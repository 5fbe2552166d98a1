"""Answers read by a pydantic model, and its errors told like a schema's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import orjson

from banshi.forms.days import KEYWORDS
from banshi.forms.places import Place, wrong_in
from banshi.forms.schemas import NAMED, ONE, compiled, schema_reader
from banshi.forms.words import MAX_TRIED, WHEN, Found, Path, Reader

if TYPE_CHECKING:
    from pydantic import TypeAdapter

#: pydantic's error → keyword, and what the sentence mentions: a key of the error's context, or a type's name.
_FROM_PYDANTIC = {
    "missing": ("required", ""),
    "extra_forbidden": ("additionalProperties", ""),
    "unexpected_keyword_argument": ("additionalProperties", ""),
    "none_required": ("type", "null"),
    "finite_number": ("type", "number"),
    "iterable_type": ("type", "array"),
    "greater_than": ("exclusiveMinimum", "gt"),
    "greater_than_equal": ("minimum", "ge"),
    "less_than": ("exclusiveMaximum", "lt"),
    "less_than_equal": ("maximum", "le"),
    "multiple_of": ("multipleOf", "multiple_of"),
    "string_too_short": ("minLength", "min_length"),
    "string_too_long": ("maxLength", "max_length"),
    "string_pattern_mismatch": ("pattern", ""),
    "too_short": ("minItems", "min_length"),
    "too_long": ("maxItems", "max_length"),
    "enum": ("enum", "expected"),
    "literal_error": ("enum", "expected"),
    "recursion_loop": ("nesting", ""),
    "json_invalid": ("nesting", ""),
}
#: The same by the error's first word, where all of a family say one thing.
_TYPE_FAMILIES = {
    "string": "string", "int": "integer", "float": "number", "decimal": "number", "bool": "boolean", "list": "array",
    "tuple": "array", "set": "array", "frozen": "array", "dict": "object", "mapping": "object", "model": "object",
    "dataclass": "object",
}  # fmt: skip
_FORMAT_FAMILIES = {"date": "date", "datetime": "date-time", "timezone": "date-time", "time": "time", "uuid": "uuid"}
_FORMAT_FAMILIES |= {"url": "uri"}


def close(model: Any, schema: dict[str, Any]) -> bool:
    """Whether unknown fields are refused because the author said nothing about them; the schema then says so too."""
    objects = [node for node in (schema, *schema.get("$defs", {}).values()) if "properties" in node]
    config = getattr(model, "model_config", getattr(model, "__pydantic_config__", {}))
    if config.get("extra") or any(node.get("additionalProperties", False) for node in objects):
        return False
    for node in objects:
        node["additionalProperties"] = False
    return True


#: What is left of a model's schema where only its limits of days and its conditions are held to: how it is nested,
#: which branch of a union is meant, and that a day can be read. The rest is the model's, which knows patterns that the
#: validator doesn't.
_SKELETON = {"type", "const", "enum", "required", "$ref", WHEN, *KEYWORDS}
_DAYS = {"date", "date-time"}


def words_reader(schema: dict[str, Any]) -> Reader | None:
    """Reads answers that a model has taken, for days and for fields that aren't asked; None where it says neither."""
    found: list[str] = []
    skeleton = _skeleton(schema, found)
    return schema_reader(skeleton, compiled(skeleton)) if found else None


def _skeleton(node: Any, found: list[str]) -> Any:
    """The schema with nothing else in it; `found` gets the limits and conditions that it has."""
    if not isinstance(node, dict):
        return node
    found += node.keys() & {WHEN, *KEYWORDS}
    kept = {key: node[key] for key in node.keys() & _SKELETON}
    if node.get("format") in _DAYS:
        kept["format"] = node["format"]
    kept |= {key: _skeleton(node[key], found) for key in ONE if key in node}
    # Of branches without their other rules several may fit.
    for key, names in (("allOf", ["allOf"]), ("anyOf", ["anyOf", "oneOf"]), ("prefixItems", ["prefixItems"])):
        if branches := [_skeleton(one, found) for name in names for one in node.get(name, ())]:
            kept[key] = branches
    for key in NAMED:
        if key in node:
            kept[key] = {name: _skeleton(one, found) for name, one in node[key].items()}
    return kept


def model_reader(
    adapter: TypeAdapter[Any], places: Place | None, *, closed: bool, words: Reader | None = None
) -> Reader:
    """Reads by the model; what pydantic doesn't know of its schema is asserted too: formats for numbers, limits of
    days, and conditions.
    """
    from pydantic import ValidationError

    def read(answers: Any) -> tuple[Any, Sequence[Found]]:
        try:
            # As JSON, not as Python values: strictly there, a date is a string and a list may become a tuple.
            text = orjson.dumps(answers)
            value = adapter.validate_json(text, strict=True, extra="forbid" if closed else None)
            wrong = [*wrong_in(places, answers)] if places is not None else []
            return value, [*wrong, *(words(answers)[1] if words else ())]
        except ValidationError as error:
            if error.error_count() > MAX_TRIED:
                return answers, [Found((), "tooLarge")]
            errors = error.errors(include_url=False, include_input=False)
            return answers, _merged([_from_pydantic(one, answers) for one in errors])
        except (TypeError, ValueError) as error:
            if "surrogate" in str(error):
                return answers, [Found((), "invalid", sentence="text")]
            return answers, [Found((), "nesting" if "ecursion" in str(error) else "invalid")]

    return read


def _from_pydantic(error: Any, answers: Any) -> Found:
    kind, context = error["type"], error.get("ctx", {})
    path = _place(error["loc"], answers, missing=kind == "missing")
    family = kind.split("_")[0]
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        path += (str(context["discriminator"]).strip("'"),)
        if kind == "union_tag_not_found":
            return Found(path, "required")
        return Found(path, "enum", re.findall(r"'([^']*)'", context["expected_tags"]))
    if kind in _FROM_PYDANTIC:
        code, what = _FROM_PYDANTIC[kind]
        return Found(path, code, [what] if code == "type" else context.get(what))
    if isinstance(context.get("error"), Exception):
        return Found(path, "invalid", str(context["error"]), sentence="own")  # the author's own ValueError
    if kind.endswith(("_past", "_future")):
        return Found(path, "format", sentence=kind.rsplit("_", 1)[1])
    if family in _TYPE_FAMILIES and kind.endswith(("_type", "_parsing", "_from_float")):
        return Found(path, "type", [_TYPE_FAMILIES[family]])
    if family in _FORMAT_FAMILIES:
        return Found(path, "format", "duration" if kind.startswith("time_delta") else _FORMAT_FAMILIES[family])
    if kind not in _pydantic_kinds():
        return Found(path, kind, error["msg"], sentence="own")  # the author's own PydanticCustomError
    # Never pydantic's sentence: several of them quote what was entered.
    return Found(path, "invalid")


@cache
def _pydantic_kinds() -> frozenset[str]:
    from pydantic_core.core_schema import ErrorType

    return frozenset(get_args(ErrorType))


def _place(location: Sequence[str | int], answers: Any, *, missing: bool) -> Path:
    """The path inside the answers: pydantic's location without the names of union members that it puts in between."""
    path: list[str | int] = []
    value = answers
    for index, part in enumerate(location):
        if (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        ):
            value = value[part]  # type: ignore[index]
            path.append(part)
        elif missing and index == len(location) - 1:
            path.append(part)
    return tuple(path)


def _merged(found: list[Found]) -> list[Found]:
    """One problem where the members of a union complained about one value, each about its own type."""
    types: dict[Path, list[str]] = {}
    others = []
    for one in found:
        if one.code == "type" and not one.sentence:
            types.setdefault(one.path, []).extend(one.what)
        else:
            others.append(one)
    # Where something deeper is wrong, another member of the union was meant.
    meant = {other.path[:depth] for other in found for depth in range(len(other.path))}
    return [Found(path, "type", names) for path, names in types.items() if path not in meant] + others
