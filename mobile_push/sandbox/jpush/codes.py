"""JPush's codes, and what it refuses of a push."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

from mobile_push.sandbox.answers import Answer

CODES: dict[str, tuple[int, str]] = tomllib.loads(Path(__file__).with_name("codes.toml").read_text())
PUSH = jsonschema_rs.validator_for(orjson.loads(Path(__file__).with_name("push.json").read_bytes()))
#: What a word of JSON Schema finds → the code for it; all else is a wrong value, 1003.
WRONG = {"required": 1002, "additionalProperties": 1009, "propertyNames": 1009}
#: Bytes of an Android notification with its message, and of an iOS notification.
MAX_ANDROID_BYTES, MAX_IOS_BYTES = 4000, 2000


class PushRefused(Exception):
    """What a push is refused with: a code, and what else its error says."""

    def __init__(self, code: int, **more: Any) -> None:
        self.code, self.more = code, more

    @property
    def error(self) -> dict[str, Any]:
        return {"code": self.code, "message": CODES[str(self.code)][1], **self.more}

    @property
    def answer(self) -> Answer:
        return Answer(CODES[str(self.code)][0], str(self.code), orjson.dumps({"error": self.error}))


def read(body: bytes) -> dict[str, Any]:
    """Raises PushRefused."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise PushRefused(1003) from None
    if not isinstance(document, dict):
        raise PushRefused(1003)
    return document


def check(document: dict[str, Any]) -> None:
    """Raises PushRefused for what JPush refuses of a push."""
    for error in PUSH.iter_errors(document):
        raise PushRefused(WRONG.get(str(error.schema_path[-1]), 1003))
    notification = document.get("notification", {})
    android = orjson.dumps([notification.get("android", {}), document.get("message", {})])
    if len(android) > MAX_ANDROID_BYTES or len(orjson.dumps(notification.get("ios", {}))) > MAX_IOS_BYTES:
        raise PushRefused(1005)


def phones_of(document: Mapping[str, Any]) -> list[str]:
    """The phones that a push is for: only those by their registration ids are known here. Raises PushRefused."""
    if "audience" not in document:
        raise PushRefused(1002)
    audience = document["audience"]
    found = audience.get("registration_id", []) if isinstance(audience, dict) else []
    return [*dict.fromkeys(found)] if all(isinstance(one, str) for one in found) else []
