"""A form's fields as the attributes of a service definition, and what is sent for them back as the form's own types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from banshi import text_in

from ..sentences import word

Schema = Mapping[str, Any]

#: Signs from which on a text is written into several lines.
MAX_LINE_LENGTH = 255

#: A number without a fraction, of as many digits as every reader of JSON takes.
WHOLE = re.compile(r"-?[0-9]{1,15}")
#: Any other; none is nan, infinity or 1_000.
DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")

BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
YES_NO = {"true": word("Yes"), "false": word("No")}
DATES = {
    "date": word("a date, 2026-11-24"),
    "date-time": word("a time, 2026-11-24T09:30:00+08:00"),
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One field of a form that the standard has no argument of its own for."""

    #: Its names from the outermost object inwards, joined by dots in the standard's `code`.
    path: tuple[str, ...]
    schema: Schema
    datatype: str
    required: bool

    @property
    def code(self) -> str:
        return ".".join(self.path)

    @property
    def pointer(self) -> str:
        """Its JSON Pointer (RFC 6901) in the answers."""
        return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in self.path)

    def document(self, order: int, language: str) -> dict[str, Any]:
        """The attribute in a service definition."""
        told: dict[str, Any] = {
            "variable": True,
            "code": self.code,
            "datatype": self.datatype,
            "required": self.required,
            "datatype_description": self._hint(language),
            "order": order,
            "description": self._text("title", language) or self._text("description", language) or self.path[-1],
        }
        if options := self.options:
            words = self._words(language)
            told["values"] = [{"key": key, "name": words.get(key, key)} for key in options]
        return told

    def _text(self, keyword: str, language: str) -> Any:
        return self.schema.get("x-texts", {}).get(keyword, {}).get(language) or self.schema.get(keyword)

    def _words(self, language: str) -> Mapping[str, str]:
        """What each choice is called, by its value as it is sent."""
        if self._is_boolean:
            return {key: text_in(told, language) for key, told in YES_NO.items()}
        titles = {str(one["const"]): one["title"] for one in self._listed.get("x-words", ()) if "title" in one}
        return {key: told if isinstance(told, str) else text_in(told, language) for key, told in titles.items()}

    @property
    def options(self) -> list[str]:
        """The values that a list takes, as they are sent."""
        if self._is_boolean:
            return list(YES_NO)
        return [
            str(one) for one in ([self._listed["const"]] if "const" in self._listed else self._listed.get("enum", ()))
        ]

    @property
    def _listed(self) -> Schema:
        """The schema of what is chosen: a list's entries, or the field's own."""
        return self.schema.get("items", {}) if self.datatype == "multivaluelist" else self.schema

    @property
    def _is_boolean(self) -> bool:
        return _type(self.schema) == "boolean"

    def _hint(self, language: str) -> str | None:
        if (name := self.schema.get("format")) in DATES:
            return text_in(DATES[name], language)
        hint = self.schema.get("x-pattern-hint")
        return text_in(hint, language) if isinstance(hint, Mapping) else hint

    def value(self, given: Sequence[str], zone: tzinfo) -> Any:
        """What was sent, as the form has it. What can't be read so is left as it is: the form says what is wrong."""
        if self.datatype == "multivaluelist":
            return [_one(self.schema.get("items", {}), text, zone) for text in given]
        return _one(self.schema, given[0], zone)


def fields_of(schema: Schema, path: tuple[str, ...] = (), *, needed: bool = True) -> Iterator[Attribute]:
    """Every field of a form in its order, those inside objects too. One that can't be sent has the datatype ""."""
    for name, one in schema.get("properties", {}).items():
        here, required = (*path, name), needed and name in schema.get("required", ())
        if _type(one) == "object" and one.get("properties"):
            yield from fields_of(one, here, needed=required)
        else:
            yield Attribute(here, one, _datatype(one), required)


def _datatype(schema: Schema) -> str:
    """The standard's datatype of a field; "" for what a form can't send, such as a file."""
    kind = _type(schema)
    if schema.get("x-attachment"):
        return ""
    if "enum" in schema or "const" in schema or kind == "boolean":
        return "singlevaluelist"
    if kind in {"integer", "number"}:
        return "number"
    if kind == "array":
        return "multivaluelist" if "enum" in schema.get("items", {}) else ""
    if kind != "string":
        return ""
    if schema.get("format") in DATES:
        return "datetime"
    short = schema.get("maxLength", MAX_LINE_LENGTH + 1) <= MAX_LINE_LENGTH or "format" in schema or "pattern" in schema
    return "string" if short else "text"


def _type(schema: Schema) -> str:
    """The JSON type of a field, beside null; "" where there are several or none."""
    named = schema.get("type", "")
    kinds = [named] if isinstance(named, str) else [one for one in named if one != "null"]
    return kinds[0] if len(kinds) == 1 else ""


def _one(schema: Schema, text: str, zone: tzinfo) -> Any:
    options = schema.get("enum", [schema["const"]] if "const" in schema else [])
    for option in options:
        if str(option) == text:
            return option
    match _type(schema):
        case "boolean":
            return BOOLEANS.get(text.lower(), text)
        case "integer" | "number":
            return number(text)
        case "string" if schema.get("format") in DATES:
            return _moment(text, zone, day=schema["format"] == "date")
    return text


def number(text: str) -> Any:
    """A finite number, whole where it is written so; any other text as it is."""
    if WHOLE.fullmatch(text):
        return int(text)
    if len(text) > 40 or not DECIMAL.fullmatch(text) or abs(float(text)) > 1e300:
        return text
    return float(text)


def _moment(text: str, zone: tzinfo, *, day: bool) -> str:
    """An ISO 8601 time as the form has it: with an offset, or its day in the city."""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    except (ValueError, OverflowError):
        return text
    return at.date().isoformat() if day else at.isoformat()
