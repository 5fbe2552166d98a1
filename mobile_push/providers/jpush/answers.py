"""What JPush's answers mean.

Sources: docs.jiguang.cn, "推送 API" (codes) and "REST API 概述" (limits).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import NamedTuple

from banshi.sdk.outgoing import Codes, Consequence, Refused
from mobile_push.providers.answers import document, table
from mobile_push.providers.provider import OUTCOMES, Outcome, Receipt

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


class Answer(NamedTuple):
    """What an answer says."""

    #: JPush's name for the push; its code, which is "" where it was taken.
    message: str
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
    answer, failed = document(body), f"HTTP_{status}"
    error = table(answer.get("error"))
    code, message, seconds = error.get("code"), answer.get("msg_id"), headers.get("X-Rate-Limit-Reset", "")
    if not isinstance(code, int) and not (status == 200 and isinstance(message, str | int)):
        raise Refused("unreadable-answer" if status == 200 else failed, Consequence.UNKNOWN)
    ids = [found for place in (answer, error) if isinstance(found := place.get("illegal_rids"), list)]
    is_over = status == 429 or headers.get("X-Rate-Limit-Remaining") in ("0", "-1")
    wait = float(seconds[:4]) if is_over and re.fullmatch("[0-9]+", seconds) else None
    illegal = frozenset(one for found in ids for one in found if isinstance(one, str))
    return Answer(str(message)[:64], "" if code is None else str(code), illegal, wait)


def read_cids(status: int, _: Mapping[str, str], body: bytes) -> list[str]:
    """Ids for pushes to come. Raises Refused."""
    answer = document(body)
    if isinstance(cids := answer.get("cidlist"), list) and cids and all(isinstance(one, str) for one in cids):
        return cids
    code, failed = table(answer.get("error")).get("code"), f"HTTP_{status}"
    raise CODES.refused(code) if isinstance(code, int) else Refused(failed, Consequence.SOON)
