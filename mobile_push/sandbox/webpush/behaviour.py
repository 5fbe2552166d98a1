"""How the push server of the sandbox is told to fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
RetryAfter = Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern="^[ -~]*$")] | None
Status = Annotated[int, Field(ge=300, le=599)]


@dataclass(slots=True)
class WebPushBehaviour:
    """How the push server treats the messages that come from now on."""

    __pydantic_config__ = {"extra": "forbid", "strict": True}  # noqa: RUF012 - read by pydantic

    #: Seconds before every answer.
    latency: Seconds = 0.0
    #: Subscription → status that each of its messages is answered with.
    faults: dict[str, Status] = field(default_factory=dict)
    #: Subscriptions whose phone is off: a message waits for its TTL at most, and one of the same topic replaces it.
    offline: list[str] = field(default_factory=list)
    #: Share of messages that get 429; spread evenly, so that 0.01 is every hundredth.
    quota_share: Share = 0.0
    quota_retry_after: RetryAfter = 1
    #: Share of messages that get 503.
    unavailable_share: Share = 0.0
    unavailable_retry_after: RetryAfter = None
    #: 403 for every message, as for a key that no phone has subscribed with.
    wrong_key: bool = False
    #: Take a message and never answer; it is not recorded.
    hang: bool = False
    #: Record a message, then let so many seconds pass before the answer.
    answer_late: Seconds = 0.0

    @classmethod
    def read(cls, document: bytes) -> WebPushBehaviour:
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
