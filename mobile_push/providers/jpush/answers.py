"""What JPush's answers mean, and what it tells us by itself.

Sources: docs.jiguang.cn, "推送 API" (codes), "REST API 概述" (limits) and "回执 API" (the proof of receipts).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta, timezone
from hmac import compare_digest
from typing import Any, NamedTuple

import orjson

from banshi.sdk.outgoing import Codes, Consequence, Refused
from mobile_push.providers.provider import OUTCOMES, Outcome, Receipt
from mobile_push.providers.told import Event, Forged, Heard, Told

#: Where JPush's day turns, and the makers'.
DAY = timezone(timedelta(hours=8))
#: Bad values; where ids of phones are bad, they are named.
BAD_VALUE = "1003"
CODES = Codes(
    {
        "1000": Consequence.SOON,
        "1001": Consequence.OURS,
        "1004": Consequence.OURS,  # AppKey or MasterSecret
        "1008": Consequence.OURS,
        "1011": Consequence.DEAD,  # none of those whom it is for is there
        "1012": Consequence.SOON,
        "1020": Consequence.OURS,
        "1030": Consequence.SOON,
        "2002": Consequence.SOON,  # calls of this minute
        "2003": Consequence.OURS,  # the app is on JPush's black list
        "2004": Consequence.OURS,  # our address isn't on the app's white list
        "2005": Consequence.SPENT,
        "2006": Consequence.OURS,
        "2007": Consequence.OURS,
    },
    day=DAY,
)
#: A receipt's type → what became of the message.
EVENTS: Mapping[int, Event] = {1: "arrived", 2: "opened"}
#: What the console asks for when an address is set up: to be given back.
ECHO = re.compile("[A-Za-z0-9]{1,64}")


class Answer(NamedTuple):
    """What an answer says."""

    #: JPush's name for the push; "" where it was not taken.
    message: str
    #: "" where it was taken.
    code: str
    #: Ids of phones that are none of this app's.
    illegal: frozenset[str]
    #: Seconds until calls are taken again, where none is left.
    wait: float | None

    @property
    def receipt(self) -> Receipt:
        """What it means for those phones that are none of the illegal ones."""
        if not self.code:
            return Receipt(Outcome.ACCEPTED, "OK", None, self.message)
        outcome = OUTCOMES[CODES.refused(self.code).consequence]
        return Receipt(outcome, self.code, self.wait if outcome is Outcome.RETRY else None)


def read(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """What an answer to a push says. Raises Refused where it isn't JPush's, or can't be read: nobody knows."""
    document = _document(body)
    error = document.get("error")
    found = error if isinstance(error, dict) else {}
    wait = _seconds(headers) if headers.get("X-Rate-Limit-Remaining", "").startswith(("0", "-")) else None
    ids = [one for place in (document, found) for one in place.get("illegal_rids") or () if isinstance(one, str)]
    code, message = found.get("code"), document.get("msg_id")
    if isinstance(code, int):
        wait = (wait or _seconds(headers)) if status == 429 else wait
        return Answer("", str(code), frozenset(ids), wait)
    if status != 200 or not isinstance(message, str | int):
        raise Refused(f"HTTP_{status}", Consequence.UNKNOWN)
    return Answer(str(message)[:64], "", frozenset(ids), wait)


def read_cids(status: int, _: Mapping[str, str], body: bytes) -> list[str]:
    """Ids for pushes to come. Raises Refused."""
    document = _document(body)
    cids = document.get("cidlist")
    if status == 200 and isinstance(cids, list) and cids and all(isinstance(one, str) for one in cids):
        return cids
    error = document.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    raise CODES.refused(code) if isinstance(code, int) else Refused(f"HTTP_{status}", Consequence.SOON)


def basic(app_key: str, master_secret: str) -> str:
    """Who we are to JPush, and JPush to us."""
    return f"Basic {b64encode(f'{app_key}:{master_secret}'.encode()).decode()}"


def heard(headers: Mapping[str, str], query: Mapping[str, str], body: bytes, proof: str) -> Heard:
    """What receipts say. Raises Forged, or ValueError for what can't be read."""
    if not body and ECHO.fullmatch(query.get("echostr", "")):
        return Heard((), query["echostr"].encode(), "text/plain")
    given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    if not compare_digest(given.encode(), proof.encode()):
        raise Forged
    rows = orjson.loads(body)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("receipts are a list of objects")
    return Heard([told for row in rows if (told := _told(row)) is not None])


def _told(row: Mapping[str, Any]) -> Told | None:
    kind, token, at = row.get("type"), row.get("registration_id"), row.get("time")
    event = EVENTS.get(kind) if isinstance(kind, int) else None
    given = row.get("params")
    message = given.get("message_id") if isinstance(given, dict) else None
    if event is None or not isinstance(token, str) or not isinstance(message, str):
        return None  # of a push that isn't ours, or of something that we don't ask for
    return Told(event, token, message, at / 1000 if isinstance(at, int) else None)


def _seconds(headers: Mapping[str, str]) -> float | None:
    text = headers.get("X-Rate-Limit-Reset", "")
    return float(text[:4]) if text.isascii() and text.isdigit() else None


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
