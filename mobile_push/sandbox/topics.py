"""Instance ID's batch calls, as far as topics need them: who follows which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from mobile_push.sandbox.answers import Answer, invalid
from mobile_push.sandbox.behaviour import Behaviour

#: Phones in one call, at most.
MAX_PHONES_A_CALL = 1000
#: Topics that one phone may follow.
MAX_TOPICS = 2000
CALLS = ("batchAdd", "batchRemove")
NAME = "[a-zA-Z0-9_.~%-]{1,900}"
#: The one form of a condition that is understood here. FCM knows others, which nobody sends.
CONDITION = re.compile(f"'({NAME})' in topics && !\\('({NAME})' in topics\\)")
#: What FCM says of a condition that it doesn't understand.
NO_CONDITION = invalid([("message.condition", "Invalid condition expression provided.")], "INVALID_ARGUMENT")


def _error(status: int, text: str) -> Answer:
    """An error as this older interface writes it."""
    return Answer(status, "INVALID_ARGUMENT", orjson.dumps({"error": text}))


class Topics:
    """Who follows what."""

    def __init__(self) -> None:
        #: Topic → the tokens that follow it.
        self.followers: dict[str, set[str]] = {}
        self._follows: dict[str, int] = {}

    def reached(self, message: Mapping[str, Any]) -> frozenset[str] | None:
        """Whom a message to a topic or condition reaches; None for one to a phone.

        Raises:
            ValueError: the condition isn't of the one form that is understood here.
        """
        if topic := message.get("topic"):
            return frozenset(self.followers.get(topic, ()))
        if not (text := message.get("condition")):
            return None
        if (found := CONDITION.fullmatch(text)) is None:
            raise ValueError(text)
        return frozenset(self.followers.get(found[1], set()) - self.followers.get(found[2], set()))

    def answer(self, call: str, body: bytes, behaviour: Behaviour) -> Answer:
        """The answer to one batch call, and what it changes."""
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _error(400, "InvalidRequest")
        to, tokens = (
            (document.get(key) for key in ("to", "registration_tokens")) if isinstance(document, dict) else (0, 0)
        )
        topic = re.fullmatch(f"/topics/({NAME})", to) if isinstance(to, str) else None
        if topic is None:
            return _error(400, "InvalidTopicName")
        if not (isinstance(tokens, list) and tokens and all(isinstance(one, str) and one for one in tokens)):
            return _error(400, "MissingRegistrationTokens")
        if len(tokens) > MAX_PHONES_A_CALL:
            return _error(400, "TooManyRegistrationTokens")
        results = [self._change(call, topic[1], token, behaviour) for token in tokens]
        return Answer(200, "OK", orjson.dumps({"results": results}))

    def _change(self, call: str, topic: str, token: str, behaviour: Behaviour) -> dict[str, Any]:
        fault = "NOT_FOUND" if token in behaviour.unregistered else behaviour.topic_faults.get(token)
        followers = self.followers.setdefault(topic, set())
        adds = call == "batchAdd" and token not in followers
        if fault is None and adds and self._follows.get(token, 0) >= MAX_TOPICS:
            fault = "TOO_MANY_TOPICS"
        if fault is not None:
            return {"error": fault}
        if adds:
            followers.add(token)
            self._follows[token] = self._follows.get(token, 0) + 1
        elif call == "batchRemove" and token in followers:
            followers.remove(token)
            self._follows[token] -= 1
        return {}
