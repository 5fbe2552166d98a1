"""An alert as the HTTP API takes and gives it: CAP's structure and words, members in snake_case, shapes as GeoJSON.

Its JSON Schema (2020-12) is made of the same declarations as the XML.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mobile_push.cap.elements import Declared, Element
from mobile_push.cap.errors import CapError, snake_case
from mobile_push.cap.kinds import Kind
from mobile_push.cap.values import Alert
from mobile_push.cap.vocabulary import MessageType

#: Of an alert's XML.
MEDIA_TYPE = "application/cap+xml"

#: What the platform gives an alert when it is sent, and nobody else.
GIVEN = ("identifier", "sender", "sent")


def alert_of(document: Mapping[str, Any], *, sender: str, identifier: str, sent: datetime) -> Alert:
    """The alert of a document that is valid against `ALERT_SCHEMA`.

    Raises:
        CapError: what the schema can't say is wrong; its `pointer` is the place in the document.
    """
    if given := [name for name in GIVEN if name in document]:
        raise CapError("the platform gives this when the alert is sent; take it out", given[0])
    values = _values(document, Alert)
    alert = Alert(**values, sender=sender, identifier=identifier, sent=sent)
    if not alert.infos and alert.message_type in {MessageType.ALERT, MessageType.UPDATE}:
        raise CapError("it says nothing; add a block for each language", "info")
    for place, info in enumerate(alert.infos):
        start = max(filter(None, (info.effective, info.onset)), default=sent)
        if info.expires and info.expires <= max(start, sent):
            raise CapError("it is over before it begins; give a later time", "info", place, "expires")
    return alert


def _values(document: Any, noun: type[Element]) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise CapError("an object belongs here")
    known = {snake_case(one.name): one for one in noun.declared}
    values: dict[str, Any] = {}
    for key, plain in document.items():
        if key not in known:
            raise CapError(f"there is no such member here; there are {', '.join(known)}", str(key)[:80])
        if plain is None:
            continue
        one = known[key]
        values[one.attribute] = _many(one, plain) if one.many else _one(one, plain, one.name)[0]
    return values


def _many(one: Declared, plain: Any) -> tuple[Any, ...]:
    if not isinstance(plain, list | tuple):
        raise CapError("a list belongs here", one.name)
    return tuple(value for place, each in enumerate(plain) for value in _one(one, each, one.name, place))


def _one(one: Declared, plain: Any, *path: str | int) -> tuple[Any, ...]:
    try:
        return one.kind.values(plain) if isinstance(one.kind, Kind) else (one.kind(**_values(plain, one.kind)),)
    except CapError as error:
        raise error.within(*path) from None
    except (TypeError, KeyError, AttributeError):
        raise CapError(f"{type(plain).__name__} does not belong here; see the schema", *path) from None
    except ValueError as error:
        raise CapError(str(error), *path) from None


def document_of(noun: Element) -> dict[str, Any]:
    """An alert, or a part of one, as JSON; what it has not is left out."""
    document: dict[str, Any] = {}
    for one in noun.declared:
        value = getattr(noun, one.attribute)
        if value is None or value == ():
            continue
        plain = one.kind.plain if isinstance(one.kind, Kind) else document_of
        document[snake_case(one.name)] = [plain(each) for each in value] if one.many else plain(value)
    return document


def _schema(noun: type[Element], without: tuple[str, ...] = ()) -> dict[str, Any]:
    elements = [one for one in noun.declared if one.name not in without]
    return {
        "type": "object",
        "required": [snake_case(one.name) for one in elements if one.required],
        "additionalProperties": False,
        "properties": {snake_case(one.name): _member(one) for one in elements},
    }


def _member(one: Declared) -> Mapping[str, Any]:
    schema = one.kind.schema if isinstance(one.kind, Kind) else _schema(one.kind)
    if one.many:
        schema = {"type": "array", "minItems": 1 if one.required else 0, "items": schema}
    return {**schema, "description": one.about}


#: An alert as staff send it; identifier, sender and time are the platform's.
ALERT_SCHEMA: Mapping[str, Any] = {**_schema(Alert, GIVEN), "description": "An alert in the terms of OASIS CAP 1.2."}
#: An alert as the API gives it.
ALERT_DOCUMENT_SCHEMA: Mapping[str, Any] = {**_schema(Alert), "description": "An alert in the terms of OASIS CAP 1.2."}
