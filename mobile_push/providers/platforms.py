"""What of a message reaches each platform's phone, for people to look at before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from mobile_push.providers.provider import Push


def data(push: Push) -> dict[str, str]:
    """What the app itself reads of it, by the names that it knows on every platform."""
    told = {"state": push.withdrawn, "category": push.category, "severity": push.severity}
    if is_unseen(push):
        told["tag"] = push.name  # what else is on the screen is replaced; this the app takes off by its name
    own = {"message_id": push.message_id, "kind": push.kind, "link": push.link}
    return own | {name: value for name, value in told.items() if value}


def is_unseen(push: Push) -> bool:
    """Whether it shows nothing: its reader has read it on another phone, and it only leaves this one's screen."""
    return push.withdrawn == "read"


@runtime_checkable
class PlatformPreviews(Protocol):
    """A provider that can show what each platform's phone will get of it."""

    def platforms(self, push: Push) -> dict[str, dict[str, Any]]:
        """Platform ("android", "ios", "web") → what its phone gets, without any address."""


def of_fcm(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The two halves of a request to FCM: each with what Google puts together for it."""
    if "refused" in body:
        return {"android": dict(body), "ios": dict(body)}
    message = body["message"]
    words, own, android, apple = (message.get(name, {}) for name in ("notification", "data", "android", "apns"))
    alert = {name: text for name, text in words.items() if name != "image"}
    payload = {"aps": {**({"alert": alert} if alert else {}), **apple["payload"]["aps"]}, **own}
    if options := apple.get("fcm_options"):
        payload["fcm_options"] = options
    shown = {"notification": {**words, **android["notification"]}} if words else {}
    return {
        "android": {**android, **shown, "data": own},
        "ios": {"headers": apple["headers"], "payload": payload},
    }
