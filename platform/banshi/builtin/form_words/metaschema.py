"""What a served form may say, as a JSON Schema of its own: the standard's words, and the platform's."""

from __future__ import annotations

from typing import Any

from banshi.forms.vocabulary.fields import KNOWN, MAX_MASK_CHARS
from banshi.foundation.files.media_types import ACCEPTED

PATH = "/v1/forms/vocabulary.json"
STANDARD = "https://json-schema.org/draft/2020-12"

_TEXT = {"type": "string", "minLength": 1}
_POINTER = {"type": "string", "format": "json-pointer", "pattern": "^/"}
_LIMIT = {"type": "string", "pattern": "^(today|[+-][1-9][0-9]*[dwmy]|[0-9]{4}-[0-9]{2}-[0-9]{2})$"}
_SCALARS = {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean", "null"]}}


def _closed(required: list[str], **members: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": members}


#: Keyword → what it may be, with the sentence that says what it is for.
WORDS: dict[str, dict[str, Any]] = {
    "x-groups": {
        "description": "Groups of an object's fields, and their order.",
        "type": "array",
        "items": _closed(
            ["fields"], title=_TEXT, description=_TEXT, fields={"type": "array", "minItems": 1, "items": _TEXT}
        ),
    },
    "x-when": {
        "description": "Asked only where each of these fields beside it has one of the values.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": _SCALARS,
    },
    "x-required": {"description": "Can't be left out where it is asked.", "const": True},
    "x-unit": {"description": "What it is counted in.", **_TEXT},
    "x-mask": {"description": "9 a digit, A a letter, * either.", **_TEXT, "maxLength": MAX_MASK_CHARS},
    "x-pattern-hint": {"description": "What is said where the pattern isn't met.", **_TEXT},
    "x-not-before": {"description": "The first day, counted from today in the city's zone.", **_LIMIT},
    "x-not-after": {"description": "The last day, counted from today in the city's zone.", **_LIMIT},
    "x-in-order": {
        "description": "Dates of which none is before the one in front of it.",
        "type": "array",
        "minItems": 2,
        "uniqueItems": True,
        "items": _TEXT,
    },
    "x-attachment": {"description": "A file: upload it first, and put its id here.", "type": "boolean"},
    "x-accepts": {
        "description": "The media types of the file that it takes; any that may be uploaded where this is missing.",
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"enum": list(ACCEPTED)},
    },
    "x-shows": {"description": "What the file has to show.", **_TEXT},
    "x-material": {
        "description": "The material that the field takes.",
        **_closed(["title"], title=_TEXT, document=_TEXT),
    },
    "x-place": {"description": "Of the place that it is about.", "enum": ["address", "latitude", "longitude"]},
    "x-prefill": {"description": "What is known of the person and may be filled in.", "enum": list(KNOWN)},
    "x-choices": {
        "description": "Choices that a list of the API has.",
        **_closed(
            ["list", "value", "title"],
            list={"type": "string", "pattern": "^/v1/"},
            value=_POINTER,
            title=_POINTER,
            search=_TEXT,
            within=_TEXT,
            divided=_POINTER,
            begins=_POINTER,
            days={"type": "string", "pattern": "^/v1/"},
            **{"from": _TEXT, "to": _TEXT},
        ),
    },
}

METASCHEMA: dict[str, Any] = {
    "$schema": f"{STANDARD}/schema",
    "$id": "urn:banshi:forms:vocabulary",
    "$vocabulary": {
        **{
            f"{STANDARD}/vocab/{one}": True
            for one in ("core", "applicator", "unevaluated", "validation", "meta-data", "format-annotation", "content")
        },
        # Whoever doesn't know it may leave its words alone.
        "urn:banshi:forms": False,
    },
    "$dynamicAnchor": "meta",
    "title": "The words of a form",
    "description": "JSON Schema 2020-12, and what a form of this platform says beyond it.",
    "allOf": [{"$ref": f"{STANDARD}/schema"}],
    "type": ["object", "boolean"],
    "properties": WORDS,
}
