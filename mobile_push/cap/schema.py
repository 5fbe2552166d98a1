"""JSON Schema (2020-12) of an alert in the API, made from the same declarations as the XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mobile_push.cap.elements import Declared, Element
from mobile_push.cap.errors import snake_case
from mobile_push.cap.kinds import Kind
from mobile_push.cap.representations import GIVEN
from mobile_push.cap.values import Alert

#: Of one sort in one place: more languages, areas or codes than that are a mistake.
MAX_ITEMS = 1000


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
        schema = {"type": "array", "minItems": 1 if one.required else 0, "maxItems": MAX_ITEMS, "items": schema}
    return {**schema, "description": one.about}


#: An alert as staff send it; identifier, sender and time are the platform's.
ALERT_SCHEMA: Mapping[str, Any] = {**_schema(Alert, GIVEN), "description": "An alert in the terms of OASIS CAP 1.2."}
#: An alert as the API gives it.
ALERT_DOCUMENT_SCHEMA: Mapping[str, Any] = {**_schema(Alert), "description": "An alert in the terms of OASIS CAP 1.2."}
