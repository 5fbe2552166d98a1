"""The sandbox's answers, in the shape that Google's services give theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

JSON = {"Content-Type": "application/json; charset=UTF-8"}
HTML = {"Content-Type": "text/html; charset=UTF-8"}


class Answer(NamedTuple):
    """A prepared answer."""

    status: int
    #: How it is counted.
    code: str
    body: bytes
    headers: dict[str, str] = JSON


def _error(
    status: int, word: str, message: str, code: str = "", reason: str = "", found: Iterable[tuple[str, str]] = ()
) -> Answer:
    """An error as Google's services write it: `code` is FCM's own errorCode, `reason` Google's front end's."""
    details: list[dict[str, Any]] = []
    if code:
        details.append({"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code})
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        details.append({"@type": kind, "reason": reason, "domain": "googleapis.com"})
    if violations := [{"field": name, "description": text} for name, text in found]:
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations})
    error = {"code": status, "message": message, "status": word} | ({"details": details} if details else {})
    return Answer(status, code or word, orjson.dumps({"error": error}))


def invalid(found: list[tuple[str, str]], code: str = "") -> Answer:
    """400 INVALID_ARGUMENT for the fields in `found`, each with its description; `code` is FCM's own errorCode."""
    return _error(400, "INVALID_ARGUMENT", "\n".join(text for _, text in found), code, found=found)


BAD_TOKEN = "Request had invalid authentication credentials. Expected OAuth 2 access token."  # noqa: S105  # a text
DENIED = "Permission 'cloudmessaging.messages.create' denied on resource (or it may not exist)."
#: What `Behaviour.faults` may name for a phone: FCM's documented errors, and what stands between us and FCM.
FAULTS = {
    "UNREGISTERED": _error(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED"),
    "SENDER_ID_MISMATCH": _error(403, "PERMISSION_DENIED", "SenderId mismatch", "SENDER_ID_MISMATCH"),
    "THIRD_PARTY_AUTH_ERROR": _error(401, "UNAUTHENTICATED", "Auth error from APNS", "THIRD_PARTY_AUTH_ERROR"),
    "INVALID_ARGUMENT": _error(400, "INVALID_ARGUMENT", "Not a valid FCM registration token", "INVALID_ARGUMENT"),
    "QUOTA_EXCEEDED": _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for messages.", "QUOTA_EXCEEDED"),
    "UNAVAILABLE": _error(503, "UNAVAILABLE", "The service is currently unavailable.", "UNAVAILABLE"),
    "INTERNAL": _error(500, "INTERNAL", "Internal error encountered.", "INTERNAL"),
    "ACCESS_TOKEN_EXPIRED": _error(401, "UNAUTHENTICATED", BAD_TOKEN, reason="ACCESS_TOKEN_EXPIRED"),
    "NOT_FOUND": _error(404, "NOT_FOUND", "Requested entity was not found."),  # no such project; no word of a phone
    "PERMISSION_DENIED": _error(403, "PERMISSION_DENIED", DENIED, reason="IAM_PERMISSION_DENIED"),
    "BAD_GATEWAY": Answer(502, "BAD_GATEWAY", b"<html>Error 502 (Server Error)!!1", HTML),
    "GATEWAY_TIMEOUT": Answer(504, "GATEWAY_TIMEOUT", b"<html>Error 504", HTML),
    "LOGIN_PAGE": Answer(200, "LOGIN_PAGE", b"<html>Please sign in to this network", HTML),
}
#: What `Behaviour.topic_faults` may name for a phone: the results of Instance ID's batch calls.
TOPIC_FAULTS = ("NOT_FOUND", "INVALID_ARGUMENT", "INTERNAL", "TOO_MANY_TOPICS", "RESOURCE_EXHAUSTED", "UNAVAILABLE")
UNKNOWN_TOKEN = _error(401, "UNAUTHENTICATED", BAD_TOKEN, reason="ACCESS_TOKEN_TYPE_UNSUPPORTED")
NO_TOKEN = _error(401, "UNAUTHENTICATED", BAD_TOKEN, reason="CREDENTIALS_MISSING")


def with_retry_after(answer: Answer, retry_after: int | str | None) -> Answer:
    """`answer` with a Retry-After header; None leaves it without one."""
    return answer if retry_after is None else answer._replace(headers=JSON | {"Retry-After": str(retry_after)})
