"""How Apple and its phones are to treat a message, whoever hands it to them: FCM, or we ourselves."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import Any

from mobile_push.providers.platforms import is_unseen
from mobile_push.providers.provider import Push
from mobile_push.screen.presentation import Level

#: Bytes of a collapse id: APNs refuses the whole message for more.
MAX_COLLAPSE_BYTES = 64
#: Seconds: neither Apple nor Google keeps a message for longer than four weeks, and Google refuses a longer ttl.
MAX_TTL_S = 28 * 24 * 3600


def seconds_kept(push: Push) -> int:
    """For how long it is worth keeping for a phone that is off."""
    return min(max(push.ttl, 0), MAX_TTL_S)


def collapse_id(push: Push) -> str:
    """What it is called on the screen, as long as Apple takes it."""
    name = push.name
    return name if len(name.encode()) <= MAX_COLLAPSE_BYTES else sha256(name.encode()).hexdigest()


def headers(push: Push) -> dict[str, str]:
    """What APNs is told of it."""
    ttl, unseen = seconds_kept(push), is_unseen(push)
    return {
        # A badge that changes is something to see.
        "apns-push-type": "background" if unseen and push.badge is None else "alert",
        "apns-priority": "10" if push.priority == "high" and not unseen else "5",
        "apns-expiration": str(int(time.time()) + ttl if ttl else 0),
        "apns-collapse-id": collapse_id(push),
    }


def aps(push: Push) -> dict[str, Any]:
    """What the phone is told of it, without its title and text."""
    level, sound, _, volume = push.presentation
    told: dict[str, Any] = {} if push.badge is None else {"badge": push.badge}
    if push.withdrawn:
        told["content-available"] = 1  # an app that may run then takes it off the screen
    if is_unseen(push):
        return told
    told["interruption-level"] = level
    if sound:
        told["sound"] = {"critical": 1, "name": sound, "volume": volume} if level == Level.CRITICAL else sound
    if push.thread:
        told["thread-id"] = push.thread
    if push.kind == "notice" and push.category:
        told["category"] = push.category  # the app may offer to mute it, there on the screen
    if push.image:
        told["mutable-content"] = 1  # the app's extension fetches the picture
    return told
