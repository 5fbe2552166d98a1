"""Who follows a topic: Instance ID's batch calls, and what their answers mean for each phone.

Source: https://developers.google.com/instance-id/reference/server#manage_relationship_maps_for_multiple_app_instances.
Google's own Python library calls this interface its older one since it has one call a phone; it is the only one that
takes a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from mobile_push.providers.answers import UNREADABLE, document
from mobile_push.providers.fcm.answers import classify
from mobile_push.providers.provider import Outcome, Receipt

#: Phones in one call, at most.
MAX_PHONES_A_CALL = 1000
#: `results[].error` → what it means for the subscription. None of them forgets a token: the next message to the phone
#: itself tells whether it is gone.
RESULTS = {
    "NOT_FOUND": Outcome.REJECTED,  # no such installation any more
    "INVALID_ARGUMENT": Outcome.REJECTED,  # no token, or another project's
    "TOO_MANY_TOPICS": Outcome.REJECTED,  # 2,000 are allowed
    "RESOURCE_EXHAUSTED": Outcome.REJECTED,  # the same in Google's newer words
    "PERMISSION_DENIED": Outcome.MISCONFIGURED,
    "INTERNAL": Outcome.RETRY,
    "UNAVAILABLE": Outcome.RETRY,
    "DEADLINE_EXCEEDED": Outcome.RETRY,
    "UNKNOWN": Outcome.RETRY,
}
FOLLOWS = Receipt(Outcome.ACCEPTED, "OK")
NO_TOPIC = Receipt(Outcome.REJECTED, "not-a-topic")


def is_topic(name: object) -> bool:
    """Whether FCM takes `name` for a topic's."""
    return isinstance(name, str) and re.fullmatch(r"[a-zA-Z0-9_.~%-]{1,900}", name) is not None


def condition(topic: str, unless: str) -> str:
    """Those who follow a topic and not another one, as FCM's conditions say it. Names have neither quotes nor spaces.

    Source: https://firebase.google.com/docs/cloud-messaging/send-topic-messages. The negation stands behind `&&`: by
    itself FCM's v1 interface has refused it (firebase/firebase-admin-python issue 145).
    """
    return f"'{topic}' in topics && !('{unless}' in topics)"


def request(topic: str, tokens: list[str]) -> bytes:
    """The body of a batch call. Raises TypeError for a token that is no text."""
    return orjson.dumps({"to": f"/topics/{topic}", "registration_tokens": tokens})


def results(status: int, headers: Mapping[str, str], body: bytes, count: int) -> Receipt | list[Receipt]:
    """One receipt for each of `count` phones, or one for all where the call as a whole failed."""
    if status != 200:
        return classify(status, headers, body)
    found = document(body).get("results")
    if not isinstance(found, list) or len(found) != count:
        return UNREADABLE
    return [_result(one) for one in found]


def _result(result: Any) -> Receipt:
    if result == {}:
        return FOLLOWS
    error = result.get("error") if isinstance(result, dict) else None
    if not (isinstance(error, str) and re.fullmatch("[A-Z_]{1,40}", error)):
        return UNREADABLE
    return Receipt(RESULTS.get(error, Outcome.RETRY), error)
