"""What a push service's answers mean for a message.

Sources for the verdicts: RFC 8030 sections 5, 7.2, 7.3 and 8.4, RFC 8292 section 4.2, UnifiedPush's specification of
servers, and what the services of Mozilla, Google, Apple, Microsoft and ntfy answer beyond them.
"""

from __future__ import annotations

from collections.abc import Mapping

from mobile_push.providers.answers import refused
from mobile_push.providers.provider import Outcome, Receipt

#: Characters of Location that are kept; it names the message to its push service.
MAX_NAME_LENGTH = 255

OUTCOMES = {
    # Our token (its signature, times or audience), our key is not the one that the browser subscribed with, our proxy.
    **dict.fromkeys([401, 403, 407], Outcome.MISCONFIGURED),
    **dict.fromkeys([404, 410], Outcome.DEAD_TOKEN),
    # 406 is Microsoft's word for 429.
    **dict.fromkeys([406, 408, 425, 429], Outcome.RETRY),
}


def classify(status: int, headers: Mapping[str, str]) -> Receipt:
    """What an answer means, by its status alone: bodies differ from service to service, and one may be hostile."""
    if 200 <= status < 300:
        name = headers.get("Location", "")
        readable = name.isascii() and name.isprintable()
        return Receipt(Outcome.ACCEPTED, "OK", None, name[:MAX_NAME_LENGTH] if name and readable else None)
    # A redirect is not followed: the subscription names its push service. No other 4xx will be better next time.
    outcome = OUTCOMES.get(status, Outcome.RETRY if status >= 500 else Outcome.REJECTED)
    return refused(outcome, status, f"HTTP_{status}", headers)
