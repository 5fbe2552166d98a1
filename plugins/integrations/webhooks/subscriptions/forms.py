"""What a client may ask for, and what is wrong with it."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from banshi import Call, FieldProblem, Form, InvalidFields
from banshi.sdk.documents import Record, array, optional
from banshi.sdk.outgoing import key_of

from ..delivery.dispatcher import Dispatcher
from ..events.matching import ANY, SCOPE
from ..sentences import say

#: Names in one filter at most, and characters of one.
MAX_FILTER_NAMES, MAX_NAME_LENGTH = 100, 128

#: How events come: each as one JSON document, each with its attributes as headers, or many in one document.
MODES = ("structured", "binary", "batch")


def _names(about: str) -> optional:
    item = {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH}
    return optional(array(item, maxItems=MAX_FILTER_NAMES, uniqueItems=True, description=about))


_WISHES = {
    "name": optional({"type": "string", "maxLength": 100, "description": "What you call it."}),
    "types": _names("Types of events, `banshi.case.approve` or `banshi.case.*`; all where none is given."),
    "departments": _names("Departments' codes; all that your scopes allow where none is given."),
    "items": _names("Items' codes; all where none is given."),
    "mode": optional(
        {
            "enum": list(MODES),
            "default": "structured",
            "description": "CloudEvents' content mode. `batch` has up to 500 events in one request.",
        }
    ),
}

_URL = {"type": "string", "maxLength": 2048, "description": "The receiver: https, on the internet."}
_SECRET = optional({"type": "string", "maxLength": 128, "description": "Yours, `whsec_…`; else one is made."})
_MOMENT = {"type": "string", "format": "date-time", "maxLength": 40}

NEW = Record(url=_URL, **_WISHES, secret=_SECRET).form()

CHANGE = Form.from_schema({**Record(url=optional(_URL), **_WISHES), "minProperties": 1})

NOTHING = Form.from_schema({"type": "object", "additionalProperties": False})

ROTATE = Record(
    secret=_SECRET,
    overlap_hours=optional(
        {
            "type": "integer",
            "minimum": 0,
            "maximum": 168,
            "default": 24,
            "description": "Hours for which the secret before signs beside it; with 0 it ends at once.",
        }
    ),
).form()

REPLAY = Record(**{"from": _MOMENT, "to": _MOMENT}).form()


def checked(call: Call, office: Dispatcher, types: Collection[str], body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a body sets. Raises InvalidFields with everything that is wrong."""
    wrong: list[FieldProblem] = []
    values: dict[str, Any] = {name: body[name] for name in _WISHES if name in body}
    if "url" in body:
        try:
            values["url"] = office.outgoing.checked(body["url"])
        except ValueError as error:
            wrong.append(FieldProblem("/url", say("It {error}.", error=error), "url"))
    if not values.get("name", "x").isprintable():
        wrong.append(FieldProblem("/name", say("Give one line of text."), "name"))
    registry = call.platform.registry
    for place, name in enumerate(body.get("types", ())):
        if name not in types and not (name.endswith(ANY) and any(one.startswith(name[:-1]) for one in types)):
            wrong.append(_unknown(f"/types/{place}", "type of event", name, types))
    for place, code in enumerate(body.get("departments", ())):
        if code not in registry.departments:
            wrong.append(_unknown(f"/departments/{place}", "department", code, registry.departments))
        elif not call.client.may(SCOPE, code):
            wrong.append(_beyond(f"/departments/{place}", code))
    for place, code in enumerate(body.get("items", ())):
        if code not in registry.items:
            wrong.append(_unknown(f"/items/{place}", "item", code, list(registry.items)))
        elif not call.client.may(SCOPE, registry.items.facts(code).department):
            wrong.append(_beyond(f"/items/{place}", registry.items.facts(code).department))
    wrong += secret_problems(body)
    if wrong:
        raise InvalidFields(wrong)
    return values


def secret_problems(body: Mapping[str, Any]) -> list[FieldProblem]:
    try:
        if "secret" in body:
            key_of(body["secret"])
    except ValueError as error:
        return [FieldProblem("/secret", say("It {error}.", error=error), "secret")]
    return []


def _unknown(pointer: str, what: str, name: str, known: Collection[str]) -> FieldProblem:
    close = difflib.get_close_matches(name, known, 1)
    lists = {"type of event": "/v1/event-types", "item": "/v1/items", "department": "/v1/departments"}
    advice = f"did you mean {close[0]}?" if close else f"GET {lists[what]} lists them."
    return FieldProblem(pointer, say("There is no {what} of that name: {advice}", what=what, advice=advice), "unknown")


def _beyond(pointer: str, department: str) -> FieldProblem:
    return FieldProblem(
        pointer,
        say("Your token needs the scope {scope}:{department} for it.", scope=SCOPE, department=department),
        "scope",
    )
