"""What FCM checks in a message, and Apple behind it: fields and their types (`fcm.json`), and sizes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson

#: Bytes of notification and data in one message; of all that reaches an iPhone; and of Apple's collapse id.
MAX_PAYLOAD_BYTES, MAX_APPLE_BYTES, MAX_COLLAPSE_BYTES = 4096, 4096, 64
#: What a background message must not have.
VISIBLE = {"alert", "badge", "sound", "interruption-level"}


def _both(schema: Any) -> Any:
    """A schema with fields under both names that protobuf's JSON takes: snake_case and lowerCamelCase."""
    if not isinstance(schema, dict):
        return schema
    made = {name: _both(inner) for name, inner in schema.items()}
    named = made.get("properties", {})
    camel = {re.sub(r"_(\w)", lambda m: m[1].upper(), name): inner for name, inner in named.items()}
    return {**made, "properties": {**named, **camel}} if named else made


REQUEST = jsonschema_rs.validator_for(_both(orjson.loads(Path(__file__).with_name("fcm.json").read_bytes())))


def wrong_with(document: Any) -> list[tuple[str, str]]:
    """The field and the description of everything that the real service, or Apple's behind it, would not take."""
    found = [_said(error, document) for error in REQUEST.iter_errors(document)]
    return found or _wrong_with_apple(document.get("message", {}))


def _said(error: jsonschema_rs.ValidationError, document: Any) -> tuple[str, str]:
    path, kind = [str(name) for name in error.instance_path], error.schema_path[-1]
    if kind == "additionalProperties":
        return ".".join(path), f"Invalid JSON payload received. {error.message} at '{'.'.join(path)}'"
    where = path
    if kind == "type" and {*path[-2:]} & {"data", "headers"}:  # a map is a list of pairs to protobuf
        place = path.pop() if path[-1] not in ("data", "headers") else ""
        for name in path if place else ():
            document = document[name]
        where = [*path[:-1], f"{path[-1]}[{[*document].index(place) if place else 0}]", "value"]
    return ".".join(where), f"Invalid value at '{'.'.join(where)}': {error.message}"


def _wrong_with_apple(message: dict[str, Any]) -> list[tuple[str, str]]:
    """What a schema can't say of Apple's half."""
    apns = message.get("apns", {})
    headers, payload, found = apns.get("headers", {}), apns.get("payload", {}), []
    aps = payload.get("aps", {})
    if len(headers.get("apns-collapse-id", "").encode()) > MAX_COLLAPSE_BYTES:
        found.append(("message.apns.headers.apns-collapse-id", "APNs: BadCollapseId"))
    if headers.get("apns-push-type") == "background" and (
        (headers.get("apns-priority"), aps.get("content-available")) != ("5", 1)
        or "notification" in message
        or VISIBLE & {*aps}
    ):
        found.append(("message.apns", "APNs: a background message has priority 5, content-available, nothing to show"))
    told = [payload, message.get("data", {}), message.get("notification", {}), apns.get("fcm_options", {})]
    if apns and len(orjson.dumps(told)) > MAX_APPLE_BYTES:
        found.append(("message.apns.payload", "APNs: PayloadTooLarge"))
    return found


def content_size(message: dict[str, Any]) -> int:
    """Bytes of what counts against the limit: the notification's and the data's names and texts."""
    pairs = [*message.get("notification", {}).items(), *message.get("data", {}).items()]
    return sum(len(name.encode()) + len(text.encode()) for name, text in pairs)
