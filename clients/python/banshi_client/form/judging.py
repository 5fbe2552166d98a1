"""Answers held against a served form, keyword by keyword: the same problems as the platform finds, before it is asked.

It knows the keywords of JSON Schema 2020-12 that forms use, and the platform's own. What it doesn't know
(`unevaluatedProperties`, `unevaluatedItems`, formats that are not in `FORMATS`) it leaves to the platform.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import unquote

from banshi_client.form.days import city_day, comes_before, day_of, limit_day, moment_of
from banshi_client.form.numbers import STORED, is_number
from banshi_client.form.patterns import is_met

Path = tuple[str | int, ...]
_UUID = re.compile("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


#: The formats that are judged here.
FORMATS: dict[str, Callable[[str], object]] = {
    "date": day_of,
    "date-time": moment_of,
    "uuid": _UUID.fullmatch,
    "ipv4": _is_ipv4,
    **{name: (lambda text, name=name: is_number(name, text)) for name in STORED},  # type: ignore[misc]
}
_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "number": lambda value: _is_number(value),
    "integer": lambda value: _is_number(value) and value == math.floor(value),
}
_LEAST: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
    "multipleOf": lambda value, limit: (Fraction(str(value)) / Fraction(str(limit))).denominator == 1,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: 1 and 1.0 are, 1 and true aren't."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    return bool(one == other)


@dataclass(frozen=True, slots=True)
class Found:
    """A problem, by its place, its keyword, what the keyword says, and the author's hint where there is one."""

    path: Path
    code: str
    says: Any = None
    hint: str = ""


class Judge:
    """Looks at answers at one moment, which has the city's zone; `verified` is the person's verified ID number."""

    def __init__(self, form: Mapping[str, Any], at: datetime, verified: str = "") -> None:
        self._form = form
        self._at = at
        self._verified = verified

    def problems(self, schema: Any, value: Any, path: Path = ()) -> Iterator[Found]:
        """Everything that a schema has against a value."""
        if isinstance(schema, bool):
            if not schema:
                yield Found(path, "falseSchema")
            return
        if "$id" in schema and schema is not self._form:
            # A form inside an action's body refers to itself.
            yield from Judge(schema, self._at, self._verified).problems(schema, value, path)
            return
        yield from self._any(schema, value, path)
        yield from self._branches(schema, value, path)
        if isinstance(value, str):
            yield from self._string(schema, value, path)
        elif isinstance(value, list):
            yield from self._array(schema, value, path)
        elif isinstance(value, dict):
            yield from self._object(schema, value, path)
        elif _is_number(value):
            for keyword, holds in _LEAST.items():
                if keyword in schema and not holds(value, schema[keyword]):
                    yield Found(path, keyword, schema[keyword])

    def fits(self, schema: Any, value: Any) -> bool:
        """Whether a schema has nothing against a value."""
        return next(self.problems(schema, value), None) is None

    def _any(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Found]:
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(_TYPES[kind](value) for kind in kinds):
            yield Found(path, "type", kinds)
        if "enum" in schema and not any(same(value, one) for one in schema["enum"]):
            yield Found(path, "enum", schema["enum"])
        if "const" in schema and not same(value, schema["const"]):
            yield Found(path, "const", schema["const"])

    def _branches(self, schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Found]:
        if "$ref" in schema:
            yield from self.problems(referred(self._form, schema["$ref"]), value, path)
        for one in schema.get("allOf", ()):
            yield from self.problems(one, value, path)
        if "not" in schema and self.fits(schema["not"], value):
            yield Found(path, "not")
        if "if" in schema:
            branch = "then" if self.fits(schema["if"], value) else "else"
            yield from self.problems(schema.get(branch, True), value, path)
        for keyword in ("anyOf", "oneOf"):
            tried = [list(self.problems(one, value, path)) for one in schema.get(keyword, ())]
            if tried and all(tried):
                yield from _nearest(tried, path, keyword)
            elif keyword == "oneOf" and tried.count([]) > 1:
                yield Found(path, keyword)

    def _string(self, schema: Mapping[str, Any], text: str, path: Path) -> Iterator[Found]:
        if len(text) < schema.get("minLength", 0):
            yield Found(path, "minLength", schema["minLength"])
        if len(text) > schema.get("maxLength", math.inf):
            yield Found(path, "maxLength", schema["maxLength"])
        if "pattern" in schema and not is_met(schema["pattern"], text):
            yield Found(path, "pattern", schema["pattern"], str(schema.get("x-pattern-hint", "")))
        form = schema.get("format")
        own = form == "cn-resident-id" and bool(self._verified) and text == self._verified
        if form in FORMATS and not own and not FORMATS[form](text):
            yield Found(path, "format", form)
        for keyword, sign in (("x-not-before", 1), ("x-not-after", -1)):
            if keyword in schema and (day := city_day(text, self._at)) is not None:
                limit = limit_day(schema[keyword], self._at.date())
                if (day - limit).days * sign < 0:
                    yield Found(path, keyword, limit.isoformat())

    def _array(self, schema: Mapping[str, Any], entries: list[Any], path: Path) -> Iterator[Found]:
        if len(entries) < schema.get("minItems", 0):
            yield Found(path, "minItems", schema["minItems"])
        if len(entries) > schema.get("maxItems", math.inf):
            yield Found(path, "maxItems", schema["maxItems"])
        if schema.get("uniqueItems") and any(
            same(one, other) for place, one in enumerate(entries) for other in entries[:place]
        ):
            yield Found(path, "uniqueItems")
        first = schema.get("prefixItems", [])
        for place, entry in enumerate(entries):
            own = first[place] if place < len(first) else schema.get("items", True)
            yield from self.problems(own, entry, (*path, place))
        if "contains" in schema:
            count = sum(self.fits(schema["contains"], entry) for entry in entries)
            if count < schema.get("minContains", 1):
                yield Found(path, "minContains" if "minContains" in schema else "contains")
            if count > schema.get("maxContains", math.inf):
                yield Found(path, "maxContains")

    def _object(self, schema: Mapping[str, Any], value: dict[str, Any], path: Path) -> Iterator[Found]:
        if len(value) < schema.get("minProperties", 0):
            yield Found(path, "minProperties", schema["minProperties"])
        if len(value) > schema.get("maxProperties", math.inf):
            yield Found(path, "maxProperties", schema["maxProperties"])
        for name in schema.get("required", ()):
            if name not in value and is_asked(schema, name, value):
                yield Found((*path, name), "required")
        for name, names in schema.get("dependentRequired", {}).items():
            yield from (Found((*path, one), "dependentRequired") for one in names if name in value and one not in value)
        for name, dependent in schema.get("dependentSchemas", {}).items():
            yield from self.problems(dependent if name in value else True, value, path)
        for name, held in value.items():
            yield from self._field(schema, name, held, (*path, name))
        yield from self._conditions(schema, value, path)
        yield from self._order(schema, value, path)

    def _field(self, schema: Mapping[str, Any], name: str, value: Any, path: Path) -> Iterator[Found]:
        if "propertyNames" in schema and not self.fits(schema["propertyNames"], name):
            yield Found(path, "propertyNames")
        known = [one for written, one in schema.get("patternProperties", {}).items() if is_met(written, name)]
        known += [schema["properties"][name]] if name in schema.get("properties", {}) else []
        for one in known:
            yield from self.problems(one, value, path)
        others = True if known else schema.get("additionalProperties", True)
        if others is False:
            yield Found(path, "additionalProperties")
        elif others is not True:
            yield from self.problems(others, value, path)

    def _conditions(self, schema: Mapping[str, Any], value: dict[str, Any], path: Path) -> Iterator[Found]:
        for name, field in schema.get("properties", {}).items():
            if not isinstance(field, dict) or "x-when" not in field:
                continue
            if not is_asked(schema, name, value):
                yield from [Found((*path, name), "x-when", field["x-when"])] if name in value else []
            elif field.get("x-required") and name not in value:
                yield Found((*path, name), "required")

    def _order(self, schema: Mapping[str, Any], value: dict[str, Any], path: Path) -> Iterator[Found]:
        earlier = ""
        for name in schema.get("x-in-order", ()):
            if city_day(value.get(name), self._at) is None:
                continue
            if earlier and comes_before(value[name], value[earlier], self._at):
                yield Found((*path, name), "x-in-order", earlier)
            else:
                earlier = name


def is_text(value: Any) -> bool:
    """Whether all the text in a value is Unicode's: a lone surrogate is none, and no platform can store it."""
    try:
        return bool(json.dumps(value, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return False


def is_asked(schema: Mapping[str, Any], name: str, beside: Mapping[str, Any]) -> bool:
    """Whether a field of an object is asked, by what was answered beside it."""
    fields = schema.get("properties", {})
    field = fields.get(name)
    when = field.get("x-when", {}) if isinstance(field, dict) else {}
    return all(_has_one(fields.get(other), beside.get(other, []), values) for other, values in when.items())


def _has_one(field: Any, value: Any, values: list[Any]) -> bool:
    """Whether an answer is one of the values, or a list with an entry that is; of the type that its field is of."""
    kind = field.get("type") if isinstance(field, dict) else None
    if kind is not None and isinstance(value, list) != (kind == "array"):
        return False
    return any(same(one, other) for one in (value if isinstance(value, list) else [value]) for other in values)


def referred(form: Any, ref: str) -> Any:
    """The part of a form that `#/$defs/…` names."""
    for name in unquote(ref).split("/")[1:]:
        key = name.replace("~1", "/").replace("~0", "~")
        form = form[int(key)] if isinstance(form, list) else form[key]
    return form


def _nearest(tried: list[list[Found]], path: Path, keyword: str) -> list[Found]:
    """The problems of the branch that was meant, where that shows; else one problem of the whole."""
    misfits = [[one for one in branch if _is_misfit(one, path)] for branch in tried]
    meant = [branch for branch, misfit in zip(tried, misfits, strict=True) if not misfit]
    if len(meant) == 1:
        return meant[0]
    firsts = [misfit[0] for misfit in misfits if misfit]
    telling = [one for one in firsts if one.says != ["null"]] or firsts
    if meant or len({one.path for one in telling}) != 1:
        return [Found(path, keyword)]
    if all(one.code == "type" for one in telling):
        return [Found(path, "type", [kind for one in telling for kind in one.says])]
    return [Found(telling[0].path, "enum")]


def _is_misfit(found: Found, path: Path) -> bool:
    """Whether a problem shows that another branch was meant."""
    here = found.path == path
    return (here and found.code == "type") or (found.code in ("const", "enum") and (here or found.path[:-1] == path))
