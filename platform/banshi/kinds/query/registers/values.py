"""One value of a register, from a CSV cell or from another system, held against its column."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from banshi.forms.numbers import NUMBERS, RESIDENT_ID
from banshi.forms.spelling import spelled, spelled_id
from banshi.forms.words import FORMATS
from banshi.kinds.query.registers.declared import Column

#: Characters of a text at most.
MAX_TEXT_SIGNS = 2_000

_INTEGER, _NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII), re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: Passports, and permits to travel to the mainland: six to eleven signs, a digit among them. An ID number has fifteen
#: and more, so one that lost some digits is still wrong.
OTHER_DOCUMENTS = re.compile(r"(?=[A-Z]*[0-9])[A-Z0-9]{6,11}", re.ASCII)
#: Whatever a terminal or a screen takes for an order; line breaks and tabs are text.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

#: Column type → what it asks for, and an example.
WORDS = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number such as 12.5",
    "boolean": "true or false",
    "date": "a date such as 2026-11-24",
    "moment": "a time with its zone, such as 2026-11-24T09:30:00+08:00",
}


def from_text(column: Column, text: str) -> Any:
    """The value that a cell of a CSV file means. Raises ValueError with what it should be, never with what it is."""
    if not text:
        if column.required:
            raise ValueError("this is required")
        return None
    if text.startswith("="):
        raise ValueError("this is a formula: hand in its value")
    match column.type:
        case "integer" if _INTEGER.fullmatch(text):
            return int(text)
        case "number" if _NUMBER.fullmatch(text):
            return float(text)
        case "boolean" if text in {"true", "false"}:
            return text == "true"
        case "text" | "date" | "moment":
            return checked(column, text)
    raise ValueError(f"give {WORDS[column.type]}")


def checked(column: Column, value: Any) -> Any:
    """A value as JSON may have it, or as a database gives it, in the form in which it is shown. Raises ValueError."""
    if value is None:
        if column.required:
            raise ValueError("this is required")
        return None
    match column.type, value:
        case "text", str():
            return _text(column, value)
        case "integer", int() if not isinstance(value, bool) and abs(value) < 2**53:
            return value
        case "number", int() | float() | Decimal() if not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        case "boolean", bool():
            return value
        case "date", date() if not isinstance(value, datetime):
            return value.isoformat()
        case "date", str() if _DATE.fullmatch(value):
            return _read(date.fromisoformat, column, value)
        case "moment", datetime() if value.tzinfo is not None:
            return value.isoformat()
        case "moment", str():
            moment = _read(datetime.fromisoformat, column, value)
            if datetime.fromisoformat(moment).tzinfo is not None:
                return moment
    raise ValueError(f"give {WORDS[column.type]}")


def _text(column: Column, text: str) -> str:
    if len(text) > MAX_TEXT_SIGNS:
        raise ValueError(f"shorten this to {MAX_TEXT_SIGNS} characters")
    if _CONTROL.search(text):
        raise ValueError("take the control characters out")
    if column.values and text not in column.values:
        raise ValueError(f"write one of {', '.join(list(column.values)[:20])}")
    if not column.format:
        return text
    number = spelled(column.format, text)
    if column.format == RESIDENT_ID and OTHER_DOCUMENTS.fullmatch(other := spelled_id(text)):
        return other
    if not NUMBERS[column.format](number):
        raise ValueError(f"give {FORMATS[column.format]}")
    return number


def _read(read: Any, column: Column, text: str) -> str:
    try:
        return str(read(text).isoformat())
    except ValueError:
        raise ValueError(f"give {WORDS[column.type]}") from None


def record_of(columns: Mapping[str, Column], record: Any) -> dict[str, Any]:
    """The declared columns of a record of another system's. Raises ValueError naming the column."""
    if not isinstance(record, Mapping):
        raise ValueError("a record is an object")
    values = {}
    for name, column in columns.items():
        try:
            values[name] = checked(column, record.get(name))
        except ValueError as error:
            came = "nothing" if record.get(name) is None else type(record[name]).__name__
            raise ValueError(f"its column {name}: {error}; what came is {came}") from None
    return values


def same(asked: Any, value: Any) -> bool:
    """Whether a record has the value that was asked for, however each writes a number."""
    return asked == value or str(asked) == str(value)
