"""A provider's XML: read without a document type, bounded, and written with what people wrote inside CDATA."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.parsers import expat

#: Elements of one message, and how deep they are nested; a list of photos has most.
MAX_ELEMENTS, MAX_DEPTH = 400, 8

#: What no XML 1.0 document may have.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Unreadable(ValueError):
    """What came is no message; the text says why."""


def read(body: bytes) -> Mapping[str, Sequence[str]]:
    """The texts of all elements by their path below the root: {"Content": ["…"], "SendLocationInfo/Label": ["…"]}.

    Raises Unreadable.
    """
    found: dict[str, list[str]] = {}
    path: list[str] = []
    pieces: list[str] = []
    count = 0

    def start(name: str, _: Any) -> None:
        nonlocal count
        count += 1
        path.append(name)
        pieces.clear()
        if count > MAX_ELEMENTS or len(path) > MAX_DEPTH:
            raise Unreadable("it has too many elements")

    def end(_: str) -> None:
        found.setdefault("/".join(path[1:]), []).append("".join(pieces))
        pieces.clear()
        path.pop()

    def refuse(*_: Any) -> None:
        raise Unreadable("it declares a document type or an entity")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, pieces.append
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError:
        raise Unreadable("it is no XML") from None
    except (LookupError, ValueError) as error:
        # An encoding that nobody knows.
        raise error if isinstance(error, Unreadable) else Unreadable("it is no XML in UTF-8") from None
    return found


def written(fields: Mapping[str, Any]) -> bytes:
    """A message of these fields: texts, numbers, mappings of such, and lists, whose entries are elements `item`."""
    return f"<xml>{_value(fields)}</xml>".encode()


def _value(value: Any) -> str:
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        inner = value.items() if isinstance(value, Mapping) else (("item", one) for one in value)
        return "".join(f"<{name}>{_value(one)}</{name}>" for name, one in inner)
    return f"<![CDATA[{_FORBIDDEN.sub('', value).replace(']]>', ']]]]><![CDATA[>')}]]>"
