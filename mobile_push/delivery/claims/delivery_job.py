"""One message to one phone, or to a topic, on its way, and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from banshi.sdk.outgoing import Retry
from mobile_push.providers.provider import NO_ACCESS_TOKEN, NO_CONNECTION, Outcome, Push, Receipt
from mobile_push.tables.lanes import Lane

#: The pauses before the next attempt; and seconds more where our own project is at fault, and an operator is needed.
RETRY, OPERATOR_PAUSE_S = Retry(1.0, 600.0, spread=1.0), 60.0

#: Attempts after which a message is parked for an operator; the inbox has it anyway. Those that our own project
#: spoiled don't count, nor those without an access token, and a provider that is down is left alone, so this is hours.
MAX_ATTEMPTS = 20


@dataclass(slots=True, eq=False)
class DeliveryJob:
    """What one send takes."""

    push: Push
    token: str
    lane: Lane
    source: Source
    #: The source's own name for it.
    key: Any
    #: `token` is one of the provider's topics: the message goes to all who follow it.
    topic: bool = False
    #: Who follows this topic as well is not meant.
    unless: str = ""
    #: The `traceparent` that sending it belongs to.
    trace: str = ""
    #: With which others it may go in one request, where it may: those that have this very object.
    batch: object = None


class Source(Protocol):
    """Where deliveries come from, and who records what became of them."""

    async def claim(self, lane: Lane, limit: int) -> Sequence[DeliveryJob]:
        """Take about so many deliveries of that lane and the ones before it, the urgent first."""

    def ready(self, delivery: DeliveryJob) -> bool:
        """Whether the delivery may still be begun: it is ours, and has not been recalled."""

    def settle(self, delivery: DeliveryJob, receipt: Receipt) -> None:
        """Take in what became of one that was not taken; `record` writes it down."""

    def accepted(self, deliveries: Sequence[DeliveryJob], receipt: Receipt) -> None:
        """The same of those that the provider took: one, or several of one batch."""

    async def record(self) -> bool:
        """Write down what was taken in; whether something of it is to be tried again."""

    async def give_back(self, deliveries: Sequence[DeliveryJob]) -> None:
        """Release what was claimed and not tried, so that nobody waits for the lease to end."""


#: What is said of a message that was not taken, so that no phone can have it: too many at once, a service that is down
#: (FCM's words, Apple's, JPush's), silence that we keep by ourselves, no access token, no connection. After any other
#: failure that may be tried again, nobody knows.
NOT_TAKEN = frozenset(
    {"QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "HTTP_429", "HTTP_503", "service-paused"}
    | {"TooManyRequests", "ServiceUnavailable", "Shutdown", "1000", "1012", "1030", "2002"}
    | {NO_ACCESS_TOKEN.code, NO_CONNECTION.code}
)


def may_have_arrived(receipt: Receipt) -> bool:
    """Whether the phone has the message after such an answer, or may have it."""
    if receipt.outcome is Outcome.RETRY:
        return receipt.code not in NOT_TAKEN
    return receipt.outcome is Outcome.ACCEPTED


def is_enough(tries: int, receipt: Receipt) -> bool:
    """Whether a message that may go again is parked after so many attempts."""
    return tries >= MAX_ATTEMPTS and receipt.outcome is not Outcome.MISCONFIGURED and receipt != NO_ACCESS_TOKEN


#: The server stopped while a message was under way: it is due again at once, for the next worker.
STOPPED = Receipt(Outcome.RETRY, "stopped")


def pause_before(tries: int, receipt: Receipt) -> float:
    """Seconds until the next attempt after `tries` of them: what the provider asks for, and a pause of our own."""
    if receipt is STOPPED:
        return 0.0
    pause = RETRY.pause(tries + 1)
    if receipt.outcome is Outcome.MISCONFIGURED:
        pause += OPERATOR_PAUSE_S
    return (receipt.retry_after or 0.0) + pause
