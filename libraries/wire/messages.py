"""What WeChat tells us, and Weibo as WeChat does, as values; and our reply to it.

Source: developers.weixin.qq.com, "接收普通消息", "接收事件推送" and "被动回复用户消息".
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wire import xml
from wire.crypto import MessageCipher, signature
from wire.places import to_wgs84

#: Characters of an id of WeChat's.
MAX_ID_CHARS = 64


@dataclass(frozen=True, slots=True)
class Message:
    """One message or event, decrypted."""

    #: The account's own id (gh_…), and the OpenID of who sent it.
    to: str
    sender: str
    at: datetime
    #: Such as text or image, or `event/` and the event's name in lower case.
    kind: str
    #: The same for a repeat, and for nothing else of theirs: the MsgId; an event's has none.
    key: str
    fields: Mapping[str, Sequence[str]] = field(repr=False)

    def __getitem__(self, path: str) -> str:
        """A field by its path; "" where there is none."""
        return first(self.fields, path)

    def all(self, path: str) -> Sequence[str]:
        """A field of every element with that path: what WeChat tells of several things at once."""
        return self.fields.get(path, ())


def first(fields: Mapping[str, Sequence[str]], path: str) -> str:
    """The text of the first element with that path; "" where there is none."""
    return fields.get(path, ("",))[0]


def read(body: bytes) -> Message:
    """The message in a document. Raises xml.Unreadable."""
    fields = xml.read(body)
    sender, to, kind = (first(fields, name) for name in ("FromUserName", "ToUserName", "MsgType"))
    at, number, event = (first(fields, name) for name in ("CreateTime", "MsgId", "Event"))
    number = number or first(fields, "MsgID")  # as some of WeChat's samples spell it
    if not all(0 < len(one) <= MAX_ID_CHARS and one.isascii() and one.isprintable() for one in (sender, to, kind)):
        raise xml.Unreadable("it doesn't say from whom, for whom and what it is")
    # Others' tests write it in milliseconds, though WeChat doesn't.
    if not (at.isascii() and at.isdigit() and (0 < len(at) <= 10 or len(at) == 13)):
        raise xml.Unreadable("CreateTime is no Unix time")
    if kind == "event":
        kind = f"event/{event.lower()[:MAX_ID_CHARS]}"
        key = f"{sender}-{at}-{event.lower()}"
    elif number.isascii() and number.isdigit() and len(number) <= MAX_ID_CHARS:
        key = number
    else:
        raise xml.Unreadable("MsgId is no number")
    return Message(to, sender, datetime.fromtimestamp(int(at[:10]), UTC), kind, key[:128], fields)


def reply(message: Message, text: str, now: datetime) -> bytes:
    """The document that answers a message with a text."""
    return xml.written(
        {
            "ToUserName": message.sender,
            "FromUserName": message.to,
            "CreateTime": int(now.timestamp()),
            "MsgType": "text",
            "Content": text,
        }
    )


def sealed(cipher: MessageCipher, token: str, document: bytes, at: int) -> bytes:
    """A reply, encrypted and signed."""
    hidden, nonce = cipher.encrypted(document), str(secrets.randbelow(10**10))
    signed = signature(token, str(at), nonce, hidden)
    return xml.written({"Encrypt": hidden, "MsgSignature": signed, "TimeStamp": at, "Nonce": nonce})


def read_again(accounts: Mapping[str, Any], name: str, body: bytes) -> tuple[Any, Any] | None:
    """The account of that name with what it `received`, of a message that was kept; None where that says nothing.

    Raises LookupError where no such account is here.
    """
    try:
        received = accounts[name].received(read(body))
    except xml.Unreadable:
        return None
    return (accounts[name], received) if received else None


def degrees_of(message: Message) -> tuple[float, float]:
    """Where the place of a message is, in WGS 84. Raises xml.Unreadable."""
    latitude, longitude = to_wgs84(_degrees(message, "Location_X"), _degrees(message, "Location_Y"))
    return round(latitude, 6), round(longitude, 6)


def _degrees(message: Message, name: str) -> float:
    try:
        value = float(message[name])
    except ValueError:
        value = float("nan")
    if not -180 <= value <= 180:
        raise xml.Unreadable(f"{name} is no number of degrees")
    return value
