"""Forms filled in from their own declaration: answers that are right, and each rule broken in turn."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

Schema = Mapping[str, Any]

#: A text of each format. The citizen's number is the example in GB 11643 itself; the others belong to nobody.
FORMATS = {
    "time": "09:00:00+08:00",
    "email": "nobody@example.org",
    "uri": "https://example.org/",
    "ipv4": "127.0.0.1",
    "cn-resident-id": "11010519491231002X",
    "cn-uscc": "91510700MA0000000G",
    "cn-plate": "川B12345",
    "cn-mobile": "13800000000",
    "cn-phone": "13800000000",
    "cn-division": "510703",
}

#: The number that every form is filled with: whoever hands one in signs in with it, for what is their own alone.
NUMBER = FORMATS["cn-resident-id"]

#: What is tried where a pattern says what is right.
SIGNS = ("1234567890" * 3, "ABCDEFGHJK", "AB1111111111111111111111111111")
CANDIDATES = (
    *FORMATS.values(),
    "20261124-7K3M-9QXC",
    *(signs[:count] for signs in SIGNS for count in range(1, len(signs) + 1)),
)

#: A value of another type than each.
OTHER_TYPE = {"string": 7, "integer": "x", "number": "x", "boolean": "x", "array": "x", "object": "x"}


#: A limit of a day: how far from today, and in what.
DISTANCE = re.compile("([+-][0-9]+)([dwmy])")
UNITS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}
#: More than a day from where a limit is: right or wrong whether or not midnight has passed meanwhile.
MARGIN = timedelta(days=2)


def limit(text: str, today: date | None = None) -> date:
    """The day that a limit names, reckoned by python-dateutil and not by the platform."""
    today = today or datetime.now(ZoneInfo("Asia/Shanghai")).date()
    if found := DISTANCE.fullmatch(text):
        return today + relativedelta(**{UNITS[found[2]]: int(found[1])})
    return today if text == "today" else date.fromisoformat(text)


def written(day: date, schema: Schema) -> str:
    """A day, or nine o'clock on it, as the field asks for it."""
    return day.isoformat() + ("T09:00:00+08:00" if schema["format"] == "date-time" else "")


class Broken(NamedTuple):
    """Answers with one rule broken: where, and the rule's JSON Schema keyword."""

    pointer: str
    keyword: str
    answers: Any


def filled(schema: Schema, files: Iterator[str]) -> Any:
    """An answer that a schema takes, every field that may be asked for together in it; `files` gives ids of uploads."""
    if "const" in schema:
        return schema["const"]
    if options := choices(schema):
        return options[0]
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            asking = _asking([one["x-when"] for one in properties.values() if "x-when" in one])
            return {
                name: chosen(one, asking[name]) if name in asking else filled(one, files)
                for name, one in properties.items()
                if all(asking[other] in values for other, values in one.get("x-when", {}).items())
            }
        case "array":
            count = max(1, schema.get("minItems", 1))
            options = choices(schema["items"])
            return options[:count] if options else [filled(schema["items"], files) for _ in range(count)]
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "string":
            return _text(schema, files)
    raise ValueError(f"there is no answer to {dict(schema)}")


def _asking(whens: list[Mapping[str, list[Any]]]) -> dict[str, Any]:
    """For each field on which others hang, the value under which most of them are asked: of many the first."""
    told: dict[str, Counter[Any]] = {}
    for when in whens:
        for name, values in when.items():
            told.setdefault(name, Counter()).update(values)
    return {name: values.most_common(1)[0][0] for name, values in told.items()}


def chosen(schema: Schema, value: Any) -> Any:
    """The choice as the field takes it: alone, or in a list."""
    return [value] if schema.get("type") == "array" else value


def choices(schema: Schema) -> list[Any]:
    """What may be chosen, as the kernel keeps it or as a form is served."""
    return list(schema.get("enum", ())) or [one["const"] for one in schema.get("oneOf", ())]


def _text(schema: Schema, files: Iterator[str]) -> str:
    return next(files) if schema.get("x-attachment") else text_of(schema)


def text_of(schema: Schema) -> str:
    """A text that the schema takes."""
    if schema.get("format") in {"date", "date-time"}:
        earliest = limit(schema["x-not-before"]) + MARGIN if "x-not-before" in schema else date(2020, 1, 1)
        return written(earliest, schema)
    if "format" in schema:
        return FORMATS[schema["format"]]
    if "pattern" in schema:
        return next(one for one in CANDIDATES if re.search(schema["pattern"], one))
    return "示" * max(1, schema.get("minLength", 1))


def broken(schema: Schema, answers: Any, pointer: str = "") -> Iterator[Broken]:
    """The answers with each rule of the schema broken in turn; the path of each is told as the form tells it."""
    for at, keyword, value in _ways(schema, answers, pointer):
        yield Broken(at, keyword, value)


def _ways(schema: Schema, value: Any, pointer: str) -> Iterator[tuple[str, str, Any]]:
    kind = schema.get("type")
    if choices(schema):
        yield pointer, "enum", "no-such-option"
    elif "const" in schema:
        yield pointer, "const", "no-such-option"
    elif isinstance(kind, str):
        yield pointer, "type", OTHER_TYPE[kind]
    if kind == "object":
        yield from _ways_of_an_object(schema, value, pointer)
    if kind == "array":
        yield from _ways_of_a_list(schema, value, pointer)
    if kind in {"integer", "number"}:
        for keyword, beyond in (("minimum", -1), ("maximum", 1)):
            if keyword in schema:
                yield pointer, keyword, schema[keyword] + beyond
    if kind == "string":
        yield from _ways_of_a_text(schema, pointer)


def _ways_of_a_text(schema: Schema, pointer: str) -> Iterator[tuple[str, str, Any]]:
    if "format" in schema:
        yield pointer, "format", "nothing of the sort"
    for keyword, beyond in (("x-not-before", -MARGIN), ("x-not-after", MARGIN)):
        if keyword in schema:
            yield pointer, keyword, written(limit(schema[keyword]) + beyond, schema)
    if "pattern" in schema:
        yield pointer, "pattern", "\x07"
    if schema.get("minLength", 0) > 0 and "pattern" not in schema:
        yield pointer, "minLength", "示" * (schema["minLength"] - 1)
    if "maxLength" in schema and "pattern" not in schema and "format" not in schema:
        yield pointer, "maxLength", "示" * (schema["maxLength"] + 1)


def _ways_of_a_list(schema: Schema, value: list[Any], pointer: str) -> Iterator[tuple[str, str, Any]]:
    if schema.get("minItems", 0) > 0:
        yield pointer, "minItems", value[: schema["minItems"] - 1]
    if "maxItems" in schema and not schema.get("uniqueItems"):
        yield pointer, "maxItems", value[:1] * (schema["maxItems"] + 1)
    if schema.get("uniqueItems"):
        yield pointer, "uniqueItems", value[:1] * 2
    for at, keyword, changed in _ways(schema["items"], value[0], f"{pointer}/0"):
        yield at, keyword, [changed, *value[1:]]


def _ways_of_an_object(schema: Schema, value: dict[str, Any], pointer: str) -> Iterator[tuple[str, str, Any]]:
    for name in (one for one in schema.get("required", ()) if one in value):
        yield f"{pointer}/{name}", "required", {key: one for key, one in value.items() if key != name}
    if schema.get("additionalProperties") is False:
        yield f"{pointer}/no-such-field", "additionalProperties", {**value, "no-such-field": 1}
    for earlier, later in pairwise(schema.get("x-in-order", ())):
        before = date.fromisoformat(value[earlier]) - timedelta(days=1)
        yield f"{pointer}/{later}", "x-in-order", {**value, later: before.isoformat()}
    for name, own in ((one, own) for one, own in schema.get("properties", {}).items() if one in value):
        for at, keyword, changed in _ways(own, value[name], f"{pointer}/{name}"):
            yield at, keyword, {**copy.deepcopy(value), name: changed}
