"""How the sandboxes of push services are told to fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from pydantic import Field

from mobile_push.sandbox.answers import FAULTS, TOPIC_FAULTS
from sandboxes.faults import Faults, Seconds

Share = Annotated[float, Field(ge=0, le=1)]
RetryAfter = Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern="^[ -~]*$")] | None
Fault = Annotated[str, Field(pattern=f"^({'|'.join(FAULTS)})$")]
TopicFault = Annotated[str, Field(pattern=f"^({'|'.join(TOPIC_FAULTS)})$")]


@dataclass(slots=True)
class Switches(Faults):
    """How a sandbox treats the messages that come from now on."""

    #: Share of messages that get 429; spread evenly, so that 0.01 is every hundredth.
    quota_share: Share = 0.0
    quota_retry_after: RetryAfter = 1
    #: Share of messages that get 503.
    unavailable_share: Share = 0.0
    unavailable_retry_after: RetryAfter = None
    #: Record a message, then let so many seconds pass before the answer; 0 answers at once.
    answer_late: Seconds = 0.0


@dataclass(slots=True)
class Behaviour(Switches):
    """How the sandbox of FCM treats them; a code is a name of `FAULTS`, or at `/token` an error of OAuth 2.0."""

    EVERY: ClassVar[tuple[str, ...]] = ("/v1/projects/", "/iid/v1:")

    #: Tokens whose app is gone: 404 UNREGISTERED.
    unregistered: set[str] = field(default_factory=set)
    #: Token → name of the error in FAULTS that it gets.
    faults: dict[str, Fault] = field(default_factory=dict)
    #: Token → the error in TOPIC_FAULTS that it gets when it is to follow a topic or leave it.
    topic_faults: dict[str, TopicFault] = field(default_factory=dict)
    #: 403 for every message, as for a project that the service account has no right to.
    wrong_project: bool = False
    #: The token endpoint answers invalid_grant, as for a key that was withdrawn.
    token_refused: bool = False
    #: Seconds for which an access token is good.
    token_lifetime: Seconds = 3600.0
