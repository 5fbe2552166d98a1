"""What FCM checks in a message: its fields, their types and its size."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mobile_push.sandbox.apple import wrong_with_apple

#: Bytes of notification and data in one message.
MAX_PAYLOAD_BYTES = 4096

#: A field's check; a string is a leaf of CHECKS, a mapping is a nested message.
Fields = dict[str, Any]
CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "string": (lambda v: isinstance(v, str), "TYPE_STRING"),
    "bool": (lambda v: isinstance(v, bool), "TYPE_BOOL"),
    "int": (lambda v: isinstance(v, int), "TYPE_INT32"),
    "list": (lambda v: isinstance(v, list), "TYPE_STRING"),
    "struct": (lambda v: isinstance(v, dict), "type.googleapis.com/google.protobuf.Struct"),
    "priority": (
        lambda v: isinstance(v, str) and v.upper() in ("HIGH", "NORMAL"),
        "type.googleapis.com/google.firebase.fcm.v1.AndroidMessagePriority",
    ),
    "notification_priority": (
        lambda v: v in tuple(f"PRIORITY_{word}" for word in ("UNSPECIFIED", "MIN", "LOW", "DEFAULT", "HIGH", "MAX")),
        "type.googleapis.com/google.firebase.fcm.v1.AndroidNotification.NotificationPriority",
    ),
    "visibility": (
        lambda v: v in ("VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"),
        "type.googleapis.com/google.firebase.fcm.v1.AndroidNotification.Visibility",
    ),
    "duration": (
        lambda v: isinstance(v, str) and bool(re.fullmatch(r"\d+(\.\d{1,9})?s", v)) and float(v[:-1]) <= 2_419_200,
        "type.googleapis.com/google.protobuf.Duration",
    ),
}


def _fields(nested: Fields, **leaves: str) -> Fields:
    """A message's fields under both names that protobuf's JSON takes: snake_case and lowerCamelCase."""
    every = nested | {name: kind for kind, names in leaves.items() for name in names.split()}
    return every | {re.sub(r"_(\w)", lambda m: m[1].upper(), name): kind for name, kind in every.items()}


# Source: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
OPTIONS = _fields({}, string="analytics_label image link")
ANDROID_NOTIFICATION = _fields(
    {},
    string="title body icon color sound tag click_action body_loc_key title_loc_key channel_id ticker event_time"
    " image proxy",
    notification_priority="notification_priority",
    visibility="visibility",
    bool="sticky local_only default_sound default_vibrate_timings default_light_settings bypass_proxy_notification",
    int="notification_count",
    list="body_loc_args title_loc_args vibrate_timings",
    struct="light_settings",
)
ANDROID = _fields(
    {"notification": ANDROID_NOTIFICATION, "fcm_options": OPTIONS},
    string="collapse_key restricted_package_name",
    strings="data",
    priority="priority",
    duration="ttl",
    bool="direct_boot_ok bandwidth_constrained_ok restricted_satellite_ok",
)
WEBPUSH = _fields({"fcm_options": OPTIONS}, strings="headers data", struct="notification")
APNS = _fields({"fcm_options": OPTIONS}, strings="headers", struct="payload", string="live_activity_token")
MESSAGE = _fields(
    {
        "notification": _fields({}, string="title body image"),
        "android": ANDROID,
        "webpush": WEBPUSH,
        "apns": APNS,
        "fcm_options": OPTIONS,
    },
    string="name token topic condition",
    strings="data",
)
REQUEST = _fields({"message": MESSAGE}, bool="validate_only")


def wrong_with(document: Any) -> list[tuple[str, str]]:
    """The field and the description of everything that the real service, or Apple's behind it, would not take."""
    found: list[tuple[str, str]] = []
    check_fields(document, REQUEST, "", found)
    return found or wrong_with_apple(document.get("message", {}))


def check_fields(value: object, fields: Fields, path: str, found: list[tuple[str, str]]) -> None:
    """Add to `found` the field and the description of everything that the real service would not parse."""
    if not isinstance(value, dict):
        found.append((path, f"Invalid value at '{path}' (type.googleapis.com/google.firebase.fcm.v1.Message)"))
        return
    for name, inner in value.items():
        kind = fields.get(name)
        if kind is None:
            found.append(
                (path, f"Invalid JSON payload received. Unknown name \"{name}\" at '{path}': Cannot find field.")
            )
        elif kind == "strings":
            pairs = inner.values() if isinstance(inner, dict) else (None,)
            for index, text in enumerate(pairs):
                if not isinstance(text, str):
                    at = f"{path}.{name}[{index}].value"
                    found.append((at, f"Invalid value at '{at}' (TYPE_STRING)"))
        elif isinstance(kind, dict):
            check_fields(inner, kind, f"{path}.{name}" if path else name, found)
        else:
            check, type_name = CHECKS[kind]
            if not check(inner):
                found.append((f"{path}.{name}", f"Invalid value at '{path}.{name}' ({type_name})"))


def content_size(message: dict[str, Any]) -> int:
    """Bytes of what counts against the limit: the notification's and the data's names and texts."""
    pairs = [*message.get("notification", {}).items(), *message.get("data", {}).items()]
    return sum(len(name.encode()) + len(text.encode()) for name, text in pairs)
