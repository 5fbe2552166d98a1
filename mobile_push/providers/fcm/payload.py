"""A push as FCM's request, written once for all the pushes and phones that share its words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Hashable, Sequence
from operator import itemgetter
from typing import Any
from uuid import uuid4

import orjson

from mobile_push.providers.apple import MAX_COLLAPSE_BYTES, aps, headers, seconds_kept
from mobile_push.providers.fcm.topics import condition
from mobile_push.providers.platforms import data, is_unseen
from mobile_push.providers.provider import NOT_TEXT, TOO_LARGE, Outcome, Push, Receipt
from mobile_push.screen.presentation import Level

#: Bytes of notification and data that FCM takes; pyfcm does not check it.
MAX_PAYLOAD_BYTES = 4096
#: Shapes that are kept: of messages to persons and of the broadcasts under way, in each of their languages.
MAX_SHAPES_KEPT = 32
#: Seconds after which a shape is written anew: Apple is told a moment of expiry, not a time to live.
SHAPE_GOOD_FOR_S = 10.0
#: Stand in a shape for what is each message's own: address, message id, link, name on the screen, thread and badge.
#: Drawn by lot: no text has one in it.
OWN = TOKEN, MESSAGE_ID, LINK, NAME, THREAD, BADGE = tuple(uuid4().hex for _ in range(6))
PLACES = re.compile(f'"({"|".join(OWN)})"'.encode())
#: Android's priority by level, for phones before Android 8.
PRIORITIES = {
    Level.PASSIVE: "PRIORITY_LOW",
    Level.ACTIVE: "PRIORITY_DEFAULT",
    Level.TIME_SENSITIVE: "PRIORITY_HIGH",
    Level.CRITICAL: "PRIORITY_MAX",
}
#: Stands for the address where only the rest is wanted.
PLACEHOLDER = "the address"
NO_TOKEN = Receipt(Outcome.REJECTED, "no-token")


class Shape:
    """A request without what is each message's own, and where that belongs."""

    __slots__ = ("_order", "_parts", "at")

    def __init__(self, written: bytes) -> None:
        #: `time.monotonic()` of the writing.
        self.at = time.monotonic()
        self._parts = PLACES.split(written)
        self._order = itemgetter(*(OWN.index(name.decode()) for name in self._parts[1::2]))

    def filled(self, own: Sequence[bytes]) -> bytes:
        """The request with these six, each as JSON."""
        parts = self._parts.copy()
        parts[1::2] = self._order(own)
        return b"".join(parts)


class Encoder:
    """Writes requests; the shapes of the last few it keeps.

    Args:
        parse_payload: pyfcm's, which knows where each field belongs.
    """

    def __init__(self, parse_payload: Callable[..., bytes]) -> None:
        self._parse_payload = parse_payload
        self._shapes: dict[Hashable, Shape] = {}

    def to_token(self, push: Push, token: str) -> bytes | Receipt:
        """The request to one phone, or why there can't be one: checked here, as each 4xx counts against the quota."""
        if not token:
            return NO_TOKEN
        message_id, title, body, link, kind, ttl, collapse_key, priority, presentation, tag, thread, image, *more = push
        try:
            name = tag or collapse_key or message_id
            own = [orjson.dumps("" + text) for text in (token, message_id, link, name, thread)]
            own.append(orjson.dumps(badge := more.pop()))
            if len(own[3]) > MAX_COLLAPSE_BYTES:  # nothing that we give a message; what collapses it is another text
                return self._whole(push, fcm_token=token)
            key = title, body, kind, ttl, collapse_key, priority, presentation, image, not thread, badge is None, *more
            shape = self._shapes.get(key)
            if shape is None or time.monotonic() - shape.at > SHAPE_GOOD_FOR_S:
                shape = self._shape(push, key)
            request = shape.filled(own)
            if len(request) > MAX_PAYLOAD_BYTES:
                _measure(push)
        except (TypeError, UnicodeEncodeError):  # half a surrogate pair has no UTF-8
            return NOT_TEXT
        except OverflowError:
            return TOO_LARGE
        return request

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

    def _shape(self, push: Push, key: Hashable) -> Shape:
        badge: Any = None if push.badge is None else BADGE
        own = push._replace(message_id=MESSAGE_ID, link=LINK, tag=NAME, thread=push.thread and THREAD, badge=badge)
        shape = Shape(self._written(own, fcm_token=TOKEN))
        if key not in self._shapes and len(self._shapes) >= MAX_SHAPES_KEPT:
            del self._shapes[next(iter(self._shapes))]
        self._shapes[key] = shape
        return shape

    def _whole(self, push: Push, **address: str) -> bytes:
        """`push` to `address`. Raises TypeError for what is no text, OverflowError for too much."""
        request = self._written(push, **address)
        if len(request) > MAX_PAYLOAD_BYTES:
            _measure(push)
        return request

    def _written(self, push: Push, **address: str) -> bytes:
        own = data(push)
        words = push.title, push.body, push.image
        "".join((*words, *own.values()))  # raises TypeError for what is no text
        title, body, image = ("", "", "") if is_unseen(push) else words
        return self._parse_payload(
            **address,
            notification_title=title,
            notification_body=body,
            notification_image=image,
            data_payload=own,
            android_config=_android(push),
            apns_config=_apple(push),
        )


def _measure(push: Push) -> None:
    """Raise OverflowError for too much; the address doesn't count. Only worth it for a long request.

    Google counts the notification and the data, Apple all that reaches the phone (4,096 bytes as well): the same, and
    what it says about showing them.
    """
    apple = _apple(push)
    told = [data(push), push.title, push.body, apple["payload"], apple.get("fcm_options", {})]
    if len(orjson.dumps(told)) > MAX_PAYLOAD_BYTES:
        raise OverflowError


def _android(push: Push) -> dict[str, Any]:
    """How Android is to treat the message.

    From Android 8 on the channel decides about sound and priority, and the app's manifest names one for what has none
    that the app knows; what is said here beside it is for phones before that.
    """
    level, sound, channel, _ = push.presentation
    # A phone shows one notification per tag: a message that came twice replaces itself.
    shown: dict[str, Any] = {"tag": push.name, "notification_priority": PRIORITIES[level]}
    if channel:
        shown["channel_id"] = channel
    if sound:
        shown["sound"] = sound.partition(".")[0]  # a resource has no ending
    if push.kind != "case":
        shown["visibility"] = "PUBLIC"  # what everybody may read is read on a locked screen too
    kept = f"{seconds_kept(push)}s"
    config: dict[str, Any] = {"priority": push.priority.upper(), "ttl": kept}
    if not is_unseen(push):
        config["notification"] = shown
    if push.collapse_key is not None:
        config["collapse_key"] = push.collapse_key
    return config


def _apple(push: Push) -> dict[str, Any]:
    """How Apple and its phones are to treat the message; Google puts title, text and data beside it."""
    config: dict[str, Any] = {"headers": headers(push), "payload": {"aps": aps(push)}}
    if push.image:
        config["fcm_options"] = {"image": push.image}
    return config


def is_token(value: object) -> bool:
    """Whether `value` can be an address: text that has bytes in UTF-8."""
    try:
        return isinstance(value, str) and bool(value.encode())
    except UnicodeEncodeError:
        return False
