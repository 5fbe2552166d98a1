"""What an element of CAP can hold: how it is checked, and written in XML and in JSON.

A kind is one value that all of the model, the XML and the API's documents use, so they can't disagree.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")


def closed(**members: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Schema of an object that has all of these members, and no others."""
    return {"type": "object", "required": [*members], "additionalProperties": False, "properties": members}


#: White space as XML knows it; a Chinese paragraph may begin with U+3000, which is text.
XML_SPACE = " \t\r\n"
#: What XML 1.0 can't carry, not even escaped.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,60})?|\.[0-9]{1,60})")


class Kind(ABC, Generic[T]):
    """What an element can hold. Every method raises ValueError that says what is wrong and what to do."""

    #: JSON Schema of the value in the API's documents.
    schema: Mapping[str, Any] = {"type": "string"}
    #: Whether an element without text is as good as none, as it is for free text.
    blank = False

    def check(self, value: T) -> None:
        """Nothing, for a value that the standard allows; of which type it is, the types say."""

    def text(self, value: T) -> str:
        """As the text of an XML element."""
        return str(value)

    @abstractmethod
    def read(self, text: str) -> T:
        """From the text of an XML element, without the white space around it."""

    def plain(self, value: T) -> Any:
        """As JSON has it."""
        return self.text(value)

    def values(self, plain: Any) -> tuple[T, ...]:
        """From JSON; only a GeoJSON MultiPolygon is more than one."""
        if not isinstance(plain, str):
            raise ValueError(f"{type(plain).__name__} where a text belongs")
        return (self.read(plain.strip(XML_SPACE)),)


class Text(Kind[str]):
    """Free text, or text in the form of a pattern."""

    blank = True

    def __init__(self, pattern: str = "", advice: str = "", *, most: int = 20_000) -> None:
        self._pattern, self._advice = re.compile(pattern), advice
        self.schema = {"type": "string", "minLength": 1, "maxLength": most}
        if pattern:
            self.schema["pattern"] = f"^{pattern}$"

    def check(self, value: str) -> None:
        if not value.strip():
            raise ValueError("the text is empty; write one, or leave the element out if it may be missing")
        if value != value.strip(XML_SPACE):
            raise ValueError("there is white space before or after the text; take it away")
        if found := _UNWRITABLE.search(value):
            raise ValueError(f"the character U+{ord(found[0]):04X} has no place in XML; take it out")
        if self._pattern.pattern and not self._pattern.fullmatch(value):
            raise ValueError(f"{value[:60]!r} {self._advice}")

    def read(self, text: str) -> str:
        return text


class Address(Text):
    """A web address: `http` or `https`, because an app opens what stands here."""

    def __init__(self, *, relative: bool = False) -> None:
        super().__init__(most=2000)
        self._relative = relative
        self.schema = {**self.schema, "format": "iri-reference" if relative else "iri"}

    def check(self, value: str) -> None:
        super().check(value)
        if re.search(r"[\s\x00-\x20\"<>\\^`{|}\[\]]|%(?![0-9A-Fa-f]{2})|#.*#", value):
            raise ValueError("no address: it has a space or a character that must be percent-encoded")
        try:
            parts = urlsplit(value)
            absolute = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise ValueError("no address: its host or port can't be read") from None
        if not absolute and (not self._relative or parts.scheme or parts.netloc or ":" in value):
            raise ValueError("no whole address; begin with https:// and the host")


class Moment(Kind[datetime]):
    """A time to the second with an offset; CAP writes UTC as -00:00 and knows no `Z`."""

    schema: Mapping[str, Any] = {
        "type": "string",
        "format": "date-time",
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$",
    }
    _FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-](?:0[0-9]|1[0-4]):[0-5][0-9]")
    _ADVICE = "write it as 2026-07-01T08:30:00+08:00: whole seconds, and the offset in digits, never Z"

    def check(self, value: datetime) -> None:
        offset = value.utcoffset()
        if offset is None:
            raise ValueError(f"{value.isoformat()} has no offset; {self._ADVICE}")
        if value.microsecond or offset % timedelta(minutes=1):
            raise ValueError(f"{value.isoformat()} has parts of a second or of an offset's minute; {self._ADVICE}")
        if abs(offset) > timedelta(hours=14):
            raise ValueError(f"{value.isoformat()} has an offset of more than 14 hours; {self._ADVICE}")

    def text(self, value: datetime) -> str:
        local = value.replace(tzinfo=None).isoformat(timespec="seconds")
        return f"{local}{value.isoformat()[-6:]}" if value.utcoffset() else f"{local}-00:00"

    def read(self, text: str) -> datetime:
        if not self._FORM.fullmatch(text):
            raise ValueError(f"{text[:40]!r} is no time of CAP; {self._ADVICE}")
        try:
            value = datetime.fromisoformat(text)
        except ValueError as error:
            raise ValueError(f"{text!r} is no time ({error}); {self._ADVICE}") from None
        self.check(value)
        return value


class Word(Kind[str]):
    """One of CAP's own words."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {str(word): word for word in words}
        self.schema = {"type": "string", "enum": [*self._words]}

    def check(self, value: str) -> None:
        self.read(value)

    def read(self, text: str) -> str:
        if text not in self._words:
            raise ValueError(f"{text[:40]!r} is none of CAP's words here; take one of {', '.join(self._words)}")
        return self._words[text]


def number_of(text: str) -> float:
    """A decimal number as XML Schema writes it. Raises ValueError for anything else, such as 1e3, NaN or ١."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no number; write digits with a point, such as 30.25")
    return float(text)


def digits_of(value: float) -> str:
    """The shortest text without an exponent that reads back as the same number."""
    if value == int(value):
        return str(int(value))
    return format(Decimal(repr(value)), "f")


class Figure(Kind[T]):
    """A number, which JSON has as it is."""

    def plain(self, value: T) -> T:
        return value

    def values(self, plain: Any) -> tuple[T, ...]:
        self.check(plain)
        return (plain,)


class Number(Figure[float]):
    """A decimal number."""

    schema: Mapping[str, Any] = {"type": "number"}

    def check(self, value: float) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{value!r} is no number")
        if abs(value) >= 1e15 or 0 < abs(value) < 1e-15:
            raise ValueError(f"{value!r} is too large or too small to mean anything here")

    def text(self, value: float) -> str:
        return digits_of(value)

    def read(self, text: str) -> float:
        return number_of(text)


class Bytes(Figure[int]):
    """A file's size."""

    schema: Mapping[str, Any] = {"type": "integer", "minimum": 0}

    def check(self, value: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 53:
            raise ValueError(f"{value!r} is no size; give the number of bytes")

    def read(self, text: str) -> int:
        if not re.fullmatch(r"\+?[0-9]{1,16}", text):
            raise ValueError(f"{text[:40]!r} is no size; give the number of bytes in digits")
        return int(text)


class Names(Kind[tuple[str, ...]]):
    """Several names in one element, parted by spaces; one with a space stands in double quotes."""

    schema: Mapping[str, Any] = {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "minLength": 1, "maxLength": 500, "pattern": '^[^"]+$'},
    }
    blank = True
    _NAME = re.compile(r'"([^"]*)"|([^" \t\r\n]+)')

    def check(self, value: tuple[str, ...]) -> None:
        for name in value:
            _FREE.check(name)
            if '"' in name:
                raise ValueError(f"{name[:60]!r} has a double quote, which CAP can't write in a list; take it out")

    def text(self, value: tuple[str, ...]) -> str:
        return " ".join(f'"{name}"' if any(space in name for space in XML_SPACE) else name for name in value)

    def read(self, text: str) -> tuple[str, ...]:
        names, end = [], 0
        for found in self._NAME.finditer(text):
            names.append((found[1] or found[2] or "").strip(XML_SPACE))
            if text[end : found.start()].strip(XML_SPACE) or (end and end == found.start()):
                break
            end = found.end()
        if end != len(text) or "" in names:
            raise ValueError('the list can\'t be read; part names by one space, and put those with a space in "…"')
        return tuple(names)

    def plain(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def values(self, plain: Any) -> tuple[tuple[str, ...], ...]:
        if not isinstance(plain, list | tuple) or not all(isinstance(name, str) for name in plain):
            raise ValueError("a list of texts belongs here")
        return (tuple(name.strip(XML_SPACE) for name in plain),)


_FREE = Text()
TEXT = Text()
HEADLINE = Text(most=300)
#: Names an alert or a sender within `references`, so nothing that parts those may be in it. U+FEFF is a space in the
#: schema's patterns, and none in Python's.
NAME = Text(r"[^\s\ufeff,<&]+", "has a space, a comma, < or &, which CAP forbids here; take it out", most=300)
LANGUAGE = Text(
    r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*", "is no language; write one tag of RFC 5646, such as zh-CN or en", most=60
)
MEDIA_TYPE = Text(
    r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*(?:; ?[A-Za-z0-9_.-]+=[A-Za-z0-9_.\"-]+)*",
    "is no media type; write one such as image/png",
    most=200,
)
WEB = Address()
FILE = Address(relative=True)
MOMENT = Moment()
NUMBER = Number()
BYTES = Bytes()
NAMES = Names()
