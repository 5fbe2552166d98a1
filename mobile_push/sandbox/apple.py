"""What Apple's service checks of a message that Google hands on to it.

Sources: Apple, "Sending notification requests to APNs" (headers) and "Generating a remote notification" (payload).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

#: Bytes of all that reaches the phone.
MAX_APPLE_BYTES = 4096
#: Bytes of a collapse id.
MAX_COLLAPSE_BYTES = 64
#: Header → what it may be.
HEADERS = {
    "apns-priority": re.compile("10|5|1"),
    "apns-push-type": re.compile("alert|background|location|voip|complication|fileprovider|mdm|liveactivity"),
    "apns-expiration": re.compile("[0-9]{1,12}"),
}
LEVELS = ("passive", "active", "time-sensitive", "critical")
FLAGS = ("content-available", "mutable-content")
#: What a background message must not have.
VISIBLE = ("alert", "badge", "sound", "interruption-level")


def wrong_with_apple(message: dict[str, Any]) -> list[tuple[str, str]]:
    """Field and reason of everything that Apple would refuse."""
    apns = message.get("apns")
    if apns is None:
        return []
    headers, payload = apns.get("headers", {}), apns.get("payload", {})
    found = [
        (f"message.apns.headers.{name}", f"APNs refuses {name}: {value}")
        for name, value in headers.items()
        if name in HEADERS and not HEADERS[name].fullmatch(value)
    ]
    if len(headers.get("apns-collapse-id", "").encode()) > MAX_COLLAPSE_BYTES:
        found.append(("message.apns.headers.apns-collapse-id", "APNs: BadCollapseId"))
    aps = payload.get("aps", {})
    if not isinstance(aps, dict):
        return [*found, ("message.apns.payload.aps", "Invalid value at 'message.apns.payload.aps'")]
    # Apple ignores what it doesn't know.
    wrong = [name for name, value in aps.items() if name in CHECKS and not CHECKS[name](value)]
    found += [(f"message.apns.payload.aps.{name}", f"Invalid value for {name}") for name in wrong]
    if headers.get("apns-push-type") == "background" and (
        headers.get("apns-priority") != "5"
        or aps.get("content-available") != 1
        or "notification" in message
        or any(name in aps for name in VISIBLE)
    ):
        found.append(("message.apns", "APNs: a background message has priority 5, content-available, nothing to show"))
    told = [payload, message.get("data", {}), message.get("notification", {}), apns.get("fcm_options", {})]
    if len(orjson.dumps(told)) > MAX_APPLE_BYTES:
        found.append(("message.apns.payload", "APNs: PayloadTooLarge"))
    return found


def _is_sound(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value)
    return (
        isinstance(value, dict)
        and value.get("critical") in (0, 1)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("volume", 1.0), int | float)
        and 0 <= value.get("volume", 1.0) <= 1
    )


#: Member of `aps` → whether it may be so.
CHECKS: dict[str, Callable[[Any], bool]] = {
    "interruption-level": lambda value: value in LEVELS,
    "sound": _is_sound,
    "thread-id": lambda value: isinstance(value, str),
    "relevance-score": lambda value: isinstance(value, int | float) and 0 <= value <= 1,
    "badge": lambda value: isinstance(value, int) and value >= 0,
    **dict.fromkeys(FLAGS, lambda value: value in (0, 1)),
}
