"""What FCM's answers mean for a message.

Source for the verdicts: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode and
https://firebase.google.com/docs/cloud-messaging/error-codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from banshi.sdk.outgoing import Codes, Consequence
from mobile_push.providers.answers import UNREADABLE, accepted, document, refused, table, unnamed
from mobile_push.providers.provider import OUTCOMES, Receipt

#: What `error.details[].errorCode` means for the message. Only one word forgets a token.
CODES = Codes(
    {
        "UNREGISTERED": Consequence.DEAD,  # the app was removed, or its token replaced
        "INVALID_ARGUMENT": Consequence.REFUSED,  # this message; it may be the payload, so the token stays
        "SENDER_ID_MISMATCH": Consequence.OURS,  # the app was built for another Firebase project
        "THIRD_PARTY_AUTH_ERROR": Consequence.OURS,  # the project's APNs certificate or Web Push key
        "QUOTA_EXCEEDED": Consequence.SOON,
        "UNAVAILABLE": Consequence.SOON,
        "INTERNAL": Consequence.SOON,
        "UNSPECIFIED_ERROR": Consequence.SOON,
    }
)
#: Codes of a 401 that a fresh access token may mend; THIRD_PARTY_AUTH_ERROR is a 401 as well, and is none.
EXPIRED = ("UNAUTHENTICATED", "HTTP_401")


def classify(status: int, headers: Mapping[str, str], body: bytes) -> Receipt:
    """What FCM's answer means: by `error.details[].errorCode` first, then by the error's and HTTP's status."""
    answer = document(body)
    if status == 200:
        return accepted(name) if isinstance(name := answer.get("name"), str) else UNREADABLE
    error = table(answer.get("error"))
    details = error.get("details")
    codes = (d.get("errorCode") for d in (details if isinstance(details, list) else ()) if isinstance(d, dict))
    code = next((c for c in codes if isinstance(c, str) and c in CODES.table), None)
    word = error.get("status")
    if code is None and word != "INVALID_ARGUMENT":
        return unnamed(status, headers, word if isinstance(word, str) and re.fullmatch("[A-Z_]{1,40}", word) else "")
    code = code or "INVALID_ARGUMENT"
    return refused(OUTCOMES[CODES.refused(code).consequence], status, code, headers)
