"""One request to one receiver: built, signed, bounded, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from banshi import Platform
from banshi.sdk.outgoing import SEAL, CallFailed, Outgoing, signed

from ..models import Subscription

#: Bytes of an answer that are read; nobody looks at them.
MAX_ANSWER_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request came to."""

    ok: bool
    #: A stable word: `ok`, `status-500`, `timeout`, `certificate` …
    code: str
    status: int | None = None
    #: Milliseconds.
    took: int = 0
    #: Seconds that the receiver asks us to wait.
    wait: float | None = None

    @property
    def gone(self) -> bool:
        """The receiver wants nothing any more."""
        return self.status == 410


#: What an event ends with that its client no longer asks for, or may no longer know.
NOT_WANTED = Outcome(False, "not-wanted")


async def send(
    platform: Platform,
    outgoing: Outgoing,
    subscription: Subscription,
    identifier: str,
    headers: Mapping[str, str],
    body: bytes,
    seconds: float,
) -> Outcome:
    """POST a signed body. Never raises: whatever happens is an outcome."""
    now = platform.now().timestamp()
    # The newest secret, and the ones before that are still good.
    good = [one["secret"] for one in subscription.secrets if one["until"] is None or one["until"] > int(now * 1000)]
    try:
        secrets = [platform[SEAL].opened(secret) for secret in good]
    except ValueError:
        # Another machine's keys folder: the operator mends it, or the client rotates.
        return Outcome(False, "sealed-secret")
    signature = signed(secrets, identifier, int(now), body)
    try:
        # It was looked at when it was given; where it leads now is looked at when a connection is made.
        answer = await outgoing.call(
            subscription.url, body=body, headers={**headers, **signature}, seconds=seconds, limit=MAX_ANSWER_BYTES
        )
    except CallFailed as failed:
        return Outcome(False, failed.code)
    took = int(answer.took * 1000)
    if answer.ok:
        return Outcome(True, "ok", answer.status, took)
    wait = answer.retry_after(now) if answer.status in {429, 503} else None
    return Outcome(False, f"status-{answer.status}", answer.status, took, wait)
