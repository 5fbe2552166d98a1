"""What a push service tells us by itself, after it took a message: that it arrived, was shown, was opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

#: What became of a message on a phone. Whoever opened it has seen it, and so on; `dead` is said of the address.
Event = Literal["arrived", "shown", "opened", "dead"]


class Told(NamedTuple):
    """One thing of one message and one phone."""

    event: Event
    #: The phone's address, as it registered.
    token: str
    #: `Push.message_id`, which the service was given and gives back; "" where only the address is meant.
    message_id: str = ""
    #: Unix seconds by the service's clock; None for now.
    at: float | None = None


class Heard(NamedTuple):
    """What a call says, and what its caller wants to hear in return."""

    told: Sequence[Told]
    body: bytes = b""
    media_type: str = "application/json"


class Forged(Exception):
    """The call bears no proof, or a wrong one."""


@runtime_checkable
class Telling(Protocol):
    """A provider whose service calls us: `POST /v1/push/receipts/<its name>` hands it whatever comes there."""

    def heard(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, now: float) -> Heard:
        """Check the proof, and read the call. `headers` are found in any case; `now` is Unix seconds.

        Raises:
            Forged: the proof is missing or wrong, or its time is too far from `now`.
            ValueError: it is proven, and can't be read.
        """
