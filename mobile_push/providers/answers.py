"""What every service's answers have in common: they may be anything, also a page of whoever stands in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from mobile_push.providers.provider import QUOTA_WAIT_S, TOO_MANY, Outcome, Receipt, retry_after

#: Something between us and the service answered, which hasn't said that it took the message.
UNREADABLE = Receipt(Outcome.RETRY, "unreadable-answer")


def document(body: bytes) -> dict[str, Any]:
    """The object that an answer is; an empty one where it is none."""
    try:
        return table(orjson.loads(body))
    except orjson.JSONDecodeError:
        return {}


def table(value: Any) -> dict[str, Any]:
    """A member that is an object; an empty one where it is none."""
    return value if isinstance(value, dict) else {}


def refused(outcome: Outcome, status: int, code: str, headers: Mapping[str, str]) -> Receipt:
    """The receipt of an answer that took nothing; where it may go later, with the seconds until then."""
    if outcome is not Outcome.RETRY:
        return Receipt(outcome, code)
    wait = retry_after(headers)
    return Receipt(outcome, code, QUOTA_WAIT_S if wait is None and status in TOO_MANY else wait)


def unnamed(status: int, headers: Mapping[str, str], code: str = "") -> Receipt:
    """What an answer means that names nothing we know: by its status alone, and about us, not about this phone."""
    outcome = Outcome.RETRY if status >= 500 or status in (408, 429) else Outcome.MISCONFIGURED
    return refused(outcome, status, code or f"HTTP_{status}", headers)


def accepted(name: str) -> Receipt:
    """It was taken. Its name is for operators: what no database takes as text must not hold the record up."""
    return Receipt(Outcome.ACCEPTED, "OK", None, name if name.isprintable() else None)
