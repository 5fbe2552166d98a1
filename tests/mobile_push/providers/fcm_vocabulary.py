"""What FCM's v1 interface and Apple's payload take, as JSON Schema: the judge of what we send.

Taken from https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages and Apple's "Generating a remote
notification" and "Sending notification requests to APNs". Names that we have no use for are left out: none passes.
"""

from __future__ import annotations

from typing import Any

_STRING = {"type": "string"}
_STRINGS = {"type": "object", "additionalProperties": _STRING}


def _closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


_ANDROID_NOTIFICATION = _closed(
    ["tag", "notification_priority"],
    title=_STRING,
    body=_STRING,
    icon=_STRING,
    color=_STRING,
    sound={"type": "string", "pattern": "^(default|[a-z][a-z0-9_]*)$"},  # a resource's name in res/raw
    tag={"type": "string", "minLength": 1},
    click_action=_STRING,
    channel_id={"type": "string", "minLength": 1, "maxLength": 64},
    notification_priority={
        "enum": ["PRIORITY_MIN", "PRIORITY_LOW", "PRIORITY_DEFAULT", "PRIORITY_HIGH", "PRIORITY_MAX"]
    },
    visibility={"enum": ["PRIVATE", "PUBLIC", "SECRET"]},
    image={"type": "string", "pattern": "^https://"},
)
_APS = _closed(
    [],
    **{
        "badge": {"type": "integer", "minimum": 0},
        "interruption-level": {"enum": ["passive", "active", "time-sensitive", "critical"]},
        "sound": {
            "oneOf": [
                {"type": "string", "pattern": r"^(default|[a-z0-9_]+(\.(caf|aif|aiff|wav))?)$"},
                _closed(
                    ["critical", "name", "volume"],
                    critical={"const": 1},
                    name=_STRING,
                    volume={"type": "number", "exclusiveMinimum": 0, "maximum": 1},
                ),
            ]
        },
        "thread-id": {"type": "string", "minLength": 1, "maxLength": 64},
        "category": {"type": "string", "minLength": 1, "maxLength": 64},
        "mutable-content": {"const": 1},
        "content-available": {"const": 1},
    },
)
_APNS_HEADERS = _closed(
    ["apns-push-type", "apns-priority", "apns-expiration", "apns-collapse-id"],
    **{
        "apns-push-type": {"enum": ["alert", "background"]},
        "apns-priority": {"enum": ["10", "5"]},
        "apns-expiration": {"type": "string", "pattern": "^[0-9]+$"},
        "apns-collapse-id": {"type": "string", "minLength": 1, "maxLength": 64},
    },
)
MESSAGE = _closed(
    ["data", "android", "apns"],
    token=_STRING,
    topic=_STRING,
    condition=_STRING,
    notification=_closed(["title"], title=_STRING, body=_STRING, image={"type": "string", "pattern": "^https://"}),
    data=_STRINGS,
    android=_closed(
        ["priority", "ttl"],
        priority={"enum": ["HIGH", "NORMAL"]},
        ttl={"type": "string", "pattern": "^[0-9]+s$"},
        collapse_key=_STRING,
        notification=_ANDROID_NOTIFICATION,
    ),
    apns=_closed(
        ["headers", "payload"],
        headers=_APNS_HEADERS,
        payload=_closed(["aps"], aps=_APS),
        fcm_options=_closed(["image"], image={"type": "string", "pattern": "^https://"}),
    ),
)
REQUEST = _closed(["message", "validate_only"], message=MESSAGE, validate_only={"const": False})
