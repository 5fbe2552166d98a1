"""What JPush says: its answers, and what it tells us by itself, that a phone got a message or somebody opened it.

Sources: docs.jiguang.cn, "推送 API" (codes), "REST API 概述" (limits) and "回执 API": the proof is ours to JPush,
turned round. What a receipt's members are called is told to its customers alone.
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
from mobile_push.providers.answers import document, table
from mobile_push.providers.provider import CONNECTION, NO_CONNECTION, OUTCOMES, Outcome, Receipt
from mobile_push.providers.told import Event, Forged, Heard, Told

#: Where JPush's day turns, and the makers'.
DAY = timezone(timedelta(hours=8))
#: Bad values; where ids of phones are bad, they are named.
BAD_VALUE = "1003"
#: What isn't here is about the message itself.
CODES = Codes(
    {
        # JPush is busy or down; 2002 are the calls of this minute.
        **dict.fromkeys(["1000", "1012", "1030", "2002"], Consequence.SOON),
        # AppKey or MasterSecret; 2003 is JPush's black list, 2004 the app's white list of addresses, without ours.
        **dict.fromkeys(["1001", "1004", "1008", "1020", "2003", "2004", "2006", "2007"], Consequence.OURS),
        "1011": Consequence.DEAD,  # none of those whom it is for is there
        "2005": Consequence.SPENT,
    },
    day=DAY,
)
#: A receipt's type → what became of the message.
EVENTS: Mapping[Any, Event] = {1: "arrived", 2: "opened"}
#: What the console asks for when an address is set up: to be given back.
ECHO = re.compile("[A-Za-z0-9]{1,64}")


class Answer(NamedTuple):
    """What an answer says."""

    #: Of those phones that are none of the illegal ones.
    receipt: Receipt
    #: Ids of phones that are none of this app's.
    illegal: frozenset[str] = frozenset()
    #: Seconds until calls are taken again, where none is left.
    wait: float = 0.0


def read(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """What an answer to a push says. Raises Refused where it isn't JPush's, or can't be read: nobody knows."""
    answer, failed = document(body), f"HTTP_{status}"
    error = table(answer.get("error"))
    code, message, seconds = error.get("code"), answer.get("msg_id"), headers.get("X-Rate-Limit-Reset", "")
    ids = [found for place in (answer, error) if isinstance(found := place.get("illegal_rids"), list)]
    is_over = status == 429 or headers.get("X-Rate-Limit-Remaining") in ("0", "-1")
    wait = float(seconds[:4]) if is_over and re.fullmatch("[0-9]+", seconds) else 0.0
    if isinstance(code, int):
        outcome = OUTCOMES[CODES.refused(str(code)).consequence]
        receipt = Receipt(outcome, str(code), wait or None if outcome is Outcome.RETRY else None)
    elif status == 200 and isinstance(message, str | int):
        receipt = Receipt(Outcome.ACCEPTED, "OK", None, str(message)[:64])
    else:
        raise Refused("unreadable-answer" if status == 200 else failed, Consequence.UNKNOWN)
    return Answer(receipt, frozenset(one for found in ids for one in found if isinstance(one, str)), wait)


def none(error: Refused) -> Answer:
    """What it means that there is no answer."""
    if error.consequence is Consequence.OURS:
        return Answer(Receipt(Outcome.MISCONFIGURED, error.code))
    lost = CONNECTION._replace(code=error.code or CONNECTION.code)
    return Answer(lost if error.consequence is Consequence.UNKNOWN else NO_CONNECTION)


def read_cids(status: int, _: Mapping[str, str], body: bytes) -> list[str]:
    """Ids for pushes to come. Raises Refused."""
    answer = document(body)
    if isinstance(cids := answer.get("cidlist"), list) and cids and all(isinstance(one, str) for one in cids):
        return cids
    code, failed = table(answer.get("error")).get("code"), f"HTTP_{status}"
    raise CODES.refused(code) if isinstance(code, int) else Refused(failed, Consequence.SOON)


def basic(app_key: str, master_secret: str) -> str:
    """Who we are to JPush, and JPush to us."""
    return f"Basic {b64encode(f'{app_key}:{master_secret}'.encode()).decode()}"


def read_receipts(headers: Mapping[str, str], query: Mapping[str, str], body: bytes, proof: str) -> Heard:
    """What receipts say. Raises Forged, or ValueError for what can't be read."""
    if not body and ECHO.fullmatch(query.get("echostr", "")):
        return Heard((), query["echostr"].encode(), "text/plain")
    if not compare_digest(headers.get("authorization", "").encode(), proof.encode()):
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
