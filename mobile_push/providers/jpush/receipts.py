"""What JPush tells us by itself: that a phone got a message, and that somebody opened it.

Source: docs.jiguang.cn, "回执 API": the proof is ours to JPush, turned round. What a receipt's members are called is
told to its customers alone.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import orjson

from mobile_push.providers.answers import table
from mobile_push.providers.told import Event, Forged, Heard, Told

#: A receipt's type → what became of the message.
EVENTS: Mapping[Any, Event] = {1: "arrived", 2: "opened"}
#: What the console asks for when an address is set up: to be given back.
ECHO = re.compile("[A-Za-z0-9]{1,64}")


def basic(app_key: str, master_secret: str) -> str:
    """Who we are to JPush, and JPush to us."""
    return f"Basic {b64encode(f'{app_key}:{master_secret}'.encode()).decode()}"


def heard(headers: Mapping[str, str], query: Mapping[str, str], body: bytes, proof: str) -> Heard:
    """What receipts say. Raises Forged, or ValueError for what can't be read."""
    if not body and ECHO.fullmatch(query.get("echostr", "")):
        return Heard((), query["echostr"].encode(), "text/plain")
    given = {name.lower(): text for name, text in headers.items()}.get("authorization", "")
    if not compare_digest(given.encode(), proof.encode()):
        raise Forged
    rows = orjson.loads(body)
    if not isinstance(rows, list):
        raise ValueError("receipts are a list")
    return Heard([told for row in rows if (told := _told(table(row))) is not None])


def _told(row: Mapping[str, Any]) -> Told | None:
    """None of a push that isn't ours, or of what we don't ask for."""
    kind, token, at = row.get("type"), row.get("registration_id"), row.get("time")
    message = table(row.get("params")).get("message_id")
    if not (isinstance(kind, int) and kind in EVENTS and isinstance(token, str) and isinstance(message, str)):
        return None
    return Told(EVENTS[kind], token, message, at / 1000 if isinstance(at, int) else None)
