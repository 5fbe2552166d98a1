"""How the sandbox is told to fail: its switches, their checks, and the document that sets them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from mobile_push.sandbox.answers import FAULTS, TOPIC_FAULTS


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _retry_after(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, str) and value.isprintable())
        or (_seconds(value) and isinstance(value, int))
    )


def _faults(known: Iterable[str]) -> tuple[Callable[[Any], bool], str]:
    """The check of a switch that names a fault for each token, and what to write."""
    names = frozenset(known)

    def check(value: Any) -> bool:
        return isinstance(value, dict) and all(isinstance(f, str) and f in names for f in value.values())

    return check, f"an object of token: fault, a fault being one of {', '.join(sorted(names))}"


#: Type of a switch, or its name where the type says too little → its check, and what to write.
SWITCHES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "float": (_seconds, "a number, 0 or more"),
    "bool": (lambda v: isinstance(v, bool), "true or false"),
    "int | str | None": (_retry_after, "whole seconds, an HTTP date, or null for no header"),
    "set[str]": (lambda v: isinstance(v, set | list) and all(isinstance(t, str) for t in v), "a list of tokens"),
    "faults": _faults(FAULTS),
    "topic_faults": _faults(TOPIC_FAULTS),
}


@dataclass(slots=True)
class Behaviour:
    """How the sandbox treats the messages that come from now on."""

    #: Seconds before every answer to a message.
    latency: float = 0.0
    #: Tokens whose app is gone: 404 UNREGISTERED.
    unregistered: set[str] = field(default_factory=set)
    #: Token → name of the error in FAULTS that it gets.
    faults: dict[str, str] = field(default_factory=dict)
    #: Token → the error in TOPIC_FAULTS that it gets when it is to follow a topic or leave it.
    topic_faults: dict[str, str] = field(default_factory=dict)
    #: Share of messages, 0 to 1, that get 429 QUOTA_EXCEEDED; spread evenly, so that 0.01 is every hundredth.
    quota_share: float = 0.0
    quota_retry_after: int | str | None = 1
    #: Share of messages that get 503 UNAVAILABLE.
    unavailable_share: float = 0.0
    unavailable_retry_after: int | str | None = None
    #: Take a message and never answer; it is not recorded.
    hang: bool = False
    #: Record a message, then let so many seconds pass before the answer; 0 answers at once.
    answer_late: float = 0.0
    #: 403 for every message, as for a project that the service account has no right to.
    wrong_project: bool = False
    #: The token endpoint closes the connection without an answer.
    token_down: bool = False
    #: The token endpoint answers invalid_grant, as for a key that was withdrawn.
    token_refused: bool = False
    #: Seconds before the token endpoint answers.
    token_latency: float = 0.0
    #: Seconds for which an access token is good.
    token_lifetime: float = 3600.0

    @classmethod
    def read(cls, document: object) -> Behaviour:
        """The behaviour that a JSON document describes.

        Raises:
            ValueError: a switch is unknown or its value wrong; the text names every one.
        """
        if not isinstance(document, dict):
            raise ValueError("send one JSON object")
        wrong = []
        for name, value in document.items():
            if name not in cls.__annotations__:
                wrong.append(f"{name} is no switch; there are {', '.join(cls.__annotations__)}")
                continue
            check, advice = SWITCHES.get(name) or SWITCHES[cls.__annotations__[name]]
            if not check(value):
                wrong.append(f"{name} must be {advice}")
        if wrong:
            raise ValueError("; ".join(wrong))
        return cls(**document | {"unregistered": set(document.get("unregistered", ()))})
