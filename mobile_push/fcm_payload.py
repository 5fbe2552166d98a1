"""A push as FCM's request, encoded once for all the phones that it goes to."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from mobile_push.fcm_topics import condition
from mobile_push.provider import Outcome, Push, Receipt

#: Bytes of notification and data that FCM takes; pyfcm does not check it.
PAYLOAD_LIMIT = 4096
#: Seconds: FCM keeps no message for longer than four weeks, and refuses a longer ttl.
LONGEST_TTL = 28 * 24 * 3600
#: Pushes whose encoding is kept: the broadcasts under way, in each of their languages.
KEPT = 32
#: Seconds after which a push is encoded anew: Apple is told a moment of expiry, not a time to live.
FRESH = 10.0
#: Stands for the address in a request that is encoded for many. What it follows, `"token":`, is in no text: JSON
#: escapes a text's quotation marks.
PLACEHOLDER = "the address"
NOT_TEXT = Receipt(Outcome.REJECTED, "not-text")
NO_TOKEN = Receipt(Outcome.REJECTED, "no-token")
TOO_LARGE = Receipt(Outcome.REJECTED, "too-large")


class Encoded(NamedTuple):
    """A push as a request's body without the address that goes in between."""

    push: Push
    #: `time.monotonic()` of the encoding.
    at: float
    head: bytes
    tail: bytes


class Encoder:
    """Writes requests; what it wrote for the last few pushes it keeps.

    Args:
        parse_payload: pyfcm's, which knows where each field belongs.
    """

    def __init__(self, parse_payload: Callable[..., bytes]) -> None:
        self._parse_payload = parse_payload
        self._encoded: dict[int, Encoded] = {}

    def to_token(self, push: Push, token: str) -> bytes | Receipt:
        """The request to one phone, or why there can't be one: checked here, as each 4xx counts against the quota."""
        if not token:
            return NO_TOKEN
        encoded = self._encoded.get(id(push))
        try:
            if encoded is None or time.monotonic() - encoded.at > FRESH:
                encoded = self._encode(push)
            return encoded.head + orjson.dumps("" + token) + encoded.tail
        except (TypeError, UnicodeEncodeError):  # half a surrogate pair has no UTF-8
            return NOT_TEXT
        except OverflowError:
            return TOO_LARGE

    def to_topic(self, push: Push, topic: str, unless: str = "") -> bytes | Receipt:
        """The request to all phones that follow a topic and not `unless`, or why there can't be one."""
        try:
            if unless:
                return self._whole(push, topic_condition=condition(topic, unless))
            return self._whole(push, topic_name=topic)
        except (TypeError, UnicodeEncodeError):
            return NOT_TEXT
        except OverflowError:
            return TOO_LARGE

    def _encode(self, push: Push) -> Encoded:
        before, name, tail = self._whole(push, fcm_token=PLACEHOLDER).partition(b'"token":')
        encoded = Encoded(push, time.monotonic(), before + name, tail.removeprefix(orjson.dumps(PLACEHOLDER)))
        # The push is kept with it, so that no other can get its id meanwhile.
        if len(self._encoded) >= KEPT:
            del self._encoded[next(iter(self._encoded))]
        self._encoded[id(push)] = encoded
        return encoded

    def _whole(self, push: Push, **address: str) -> bytes:
        """`push` to `address`. Raises TypeError for what is no text, OverflowError for too much."""
        data = {"message_id": push.message_id, "kind": push.kind, "link": push.link}
        "".join((push.title, push.body, *data.values()))  # raises TypeError for what is no text
        payload = self._parse_payload(
            **address,
            notification_title=push.title,
            notification_body=push.body,
            data_payload=data,
            **_options(push),
        )
        # Addresses and options don't count; measuring what does is only worth it for a long request.
        if len(payload) > PAYLOAD_LIMIT and len(orjson.dumps([data, push.title, push.body])) > PAYLOAD_LIMIT:
            raise OverflowError
        return payload


def _options(push: Push) -> dict[str, dict[str, Any]]:
    """How Android and Apple's phones are to treat the message, as pyfcm's arguments."""
    ttl = min(max(push.ttl, 0), LONGEST_TTL)
    # A phone shows one notification per key: a message that came twice replaces itself.
    key = push.collapse_key or push.message_id
    android: dict[str, Any] = {"priority": push.priority.upper(), "ttl": f"{ttl}s", "notification": {"tag": key}}
    if push.collapse_key is not None:
        android["collapse_key"] = push.collapse_key
    headers = {
        "apns-priority": "10" if push.priority == "high" else "5",
        "apns-expiration": str(int(time.time()) + ttl if ttl else 0),
        # APNs refuses the whole message for a key of more than 64 bytes.
        "apns-collapse-id": key if len(key.encode()) <= 64 else sha256(key.encode()).hexdigest(),
    }
    return {"android_config": android, "apns_config": {"headers": headers}}


def is_token(value: object) -> bool:
    """Whether `value` can be an address: text that has bytes in UTF-8."""
    try:
        return isinstance(value, str) and bool(value.encode())
    except UnicodeEncodeError:
        return False
