"""How the sandboxes are told to fail: their switches, and the document that sets them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError

from mobile_push.sandbox.answers import FAULTS, TOPIC_FAULTS

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
RetryAfter = Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern="^[ -~]*$")] | None
Fault = Annotated[str, Field(pattern=f"^({'|'.join(FAULTS)})$")]
TopicFault = Annotated[str, Field(pattern=f"^({'|'.join(TOPIC_FAULTS)})$")]


@dataclass(slots=True)
class Switches:
    """How a sandbox treats the messages that come from now on."""

    __pydantic_config__ = {"extra": "forbid", "strict": True}  # noqa: RUF012 - read by pydantic

    #: Seconds before every answer to a message.
    latency: Seconds = 0.0
    #: Share of messages that get 429; spread evenly, so that 0.01 is every hundredth.
    quota_share: Share = 0.0
    quota_retry_after: RetryAfter = 1
    #: Share of messages that get 503.
    unavailable_share: Share = 0.0
    unavailable_retry_after: RetryAfter = None
    #: Take a message and never answer; it is not recorded.
    hang: bool = False
    #: Record a message, then let so many seconds pass before the answer; 0 answers at once.
    answer_late: Seconds = 0.0

    @classmethod
    def read(cls, document: bytes) -> Self:
        """The behaviour that a JSON document describes.

        Raises:
            ValueError: a switch is unknown or its value wrong; the text names every one.
        """
        try:
            return TypeAdapter(cls).validate_json(document)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False, include_context=False)
            raise ValueError(
                "; ".join(f"{'.'.join(map(str, one['loc'])) or 'document'}: {one['msg']}" for one in found)
            ) from None


@dataclass(slots=True)
class Behaviour(Switches):
    """How the sandbox of FCM treats them."""

    #: Tokens whose app is gone: 404 UNREGISTERED.
    unregistered: set[str] = field(default_factory=set)
    #: Token → name of the error in FAULTS that it gets.
    faults: dict[str, Fault] = field(default_factory=dict)
    #: Token → the error in TOPIC_FAULTS that it gets when it is to follow a topic or leave it.
    topic_faults: dict[str, TopicFault] = field(default_factory=dict)
    #: 403 for every message, as for a project that the service account has no right to.
    wrong_project: bool = False
    #: The token endpoint closes the connection without an answer.
    token_down: bool = False
    #: The token endpoint answers invalid_grant, as for a key that was withdrawn.
    token_refused: bool = False
    #: Seconds before the token endpoint answers.
    token_latency: Seconds = 0.0
    #: Seconds for which an access token is good.
    token_lifetime: Seconds = 3600.0
