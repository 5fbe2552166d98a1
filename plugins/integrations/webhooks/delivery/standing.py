"""How a receiver does: its failures in a row, and until when it is left alone for them."""

from __future__ import annotations

from dataclasses import dataclass

from ..models import Subscription
from . import backoff
from .sending import Outcome

#: Why a webhook was disabled, as its owner reads it.
GONE = "the receiver answered 410 Gone"


#: The columns of a subscription that say how its receiver does.
COLUMNS = ("failures", "failing_since", "rests", "rest_until", "taken_at", "tried_at", "code")


@dataclass(slots=True)
class Standing:
    """Moments are milliseconds."""

    #: Failures in a row that have a receiver left alone as a whole.
    enough: int
    failures: int = 0
    failing_since: int | None = None
    rests: int = 0
    rest_until: int = 0
    taken_at: int | None = None
    tried_at: int | None = None
    code: str = ""
    #: Until when it has asked to be left alone, whatever other requests that were under way come to.
    wished: int = 0

    @classmethod
    def of(cls, row: Subscription, enough: int) -> Standing:
        return cls(enough, **{name: getattr(row, name) for name in COLUMNS})

    @property
    def values(self) -> tuple[int | str | None, ...]:
        """As the columns of `COLUMNS`."""
        return tuple(getattr(self, name) for name in COLUMNS)

    @property
    def probing(self) -> bool:
        """Whether it is being found out if the receiver is back: one request at a time does."""
        return self.failures >= self.enough

    def rest(self, now: int) -> int:
        """Milliseconds for which it is left alone from now on, 0 where it isn't."""
        return max(0, backoff.pending(self.rest_until, self.tried_at or 0, now) - now)

    def answered(self, outcome: Outcome, now: int, give_up: int) -> str:
        """Take in what a request came to; why the receiver is to be disabled, "" where it isn't.

        Args:
            give_up: Milliseconds of nothing but failure after which it is.
        """
        noted = self.tried_at or 0
        self.rest_until, self.wished = (backoff.pending(one, noted, now) for one in (self.rest_until, self.wished))
        self.tried_at, self.code = now, outcome.code[:32]
        if outcome.ok:
            self.taken_at, self.failures, self.failing_since, self.rests = now, 0, None, 0
            self.rest_until = self.wished
            return ""
        self.failures += 1
        if self.failing_since is None:
            self.failing_since = now
        if (self.probing or outcome.wait) and not self.rest_until:
            self.rest_until = now + backoff.rest(self.rests, outcome.wait)
            self.rests += 1
        if outcome.wait:
            self.wished = max(self.wished, now + backoff.rest(0, outcome.wait))
            self.rest_until = max(self.rest_until, self.wished)
        if outcome.gone:
            return GONE
        if now - self.failing_since >= give_up:
            hours = give_up // 3_600_000
            return f"the receiver took nothing for {hours} hours; the last request ended with {self.code}"
        return ""
