"""What follows of a call that failed: one table, whoever is called, and one more for each vendor's codes.

| how it failed | certain | what follows |
| --- | --- | --- |
| there is no token, whatever way its fetch fails | nothing was sent | it is tried again |
| no connection: refused, no such name, no TLS, a SYN that nobody answers | nothing was sent | it is tried again |
| an answer that refuses it | it was not done | what its code says |
| anything else: silence, a connection that breaks off, an answer that can't be read | nothing | whoever calls decides |

A push is sent once more where nothing is certain, since phones know a message by its id; so is an event, by its. A
result of a case in a chat isn't, and an alert is said in another way.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import aiohttp

#: How aiohttp says that no connection was made. A time limit around the whole call says nothing of the kind: so each
#: session needs one of its own, `ClientTimeout(connect=…)`.
NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)


def is_unsent(error: BaseException) -> bool:
    """Whether a call that ended so was certainly never sent."""
    return isinstance(error, NO_CONNECTION)


class Consequence(enum.Enum):
    """What follows of a vendor's answer, or of there being none."""

    #: The access token is not good any more: another one, and the call once more.
    TOKEN = "token"  # noqa: S105
    #: Nothing was sent: no connection, no token, too much, or the vendor is busy. The same call again in some seconds.
    SOON = "soon"
    #: What the vendor counts is used up: not before it is whole again.
    SPENT = "spent"
    #: Nothing more reaches the contact before they write again.
    SHUT = "shut"
    #: Nobody knows whether it was done: the answer was lost.
    UNKNOWN = "unknown"
    #: Whoever it is for is there no more, or never was.
    DEAD = "dead"
    #: This will never be taken; others may.
    REFUSED = "refused"
    #: Nothing of the kind is taken until an operator has mended something, there or here.
    OURS = "ours"


class Refused(Exception):
    """A vendor has not done it, or nobody knows. `code` is its own; "" where no answer could be read."""

    def __init__(self, code: str, consequence: Consequence, until: datetime | None = None) -> None:
        #: `until` is from when the vendor takes it, where it has said so (Retry-After).
        self.code, self.consequence, self.until = code, consequence, until
        super().__init__(f"the vendor answers {code}" if code else "the vendor gives no answer that can be read")

    @property
    def comes_again(self) -> bool:
        """Whether it certainly was not done, and the same can be sent later."""
        return self.consequence in (Consequence.TOKEN, Consequence.SOON, Consequence.SPENT)


class NoToken(Refused):
    """There is no access token. SOON, SPENT, or OURS where the vendor refuses who we are; nothing was sent in any case.

    So what is worth keeping is kept until somebody has mended it.
    """

    @property
    def comes_again(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Codes:
    """What a vendor's codes mean, and when its day ends."""

    table: Mapping[str, Consequence]
    #: What one means that isn't in the table.
    other: Consequence = Consequence.REFUSED
    #: Where the vendor's day ends, with which what it counts is whole again.
    day: tzinfo = UTC

    def refused(self, code: object) -> Refused:
        """What a code means, to be raised."""
        text = str(code)
        return Refused(text, self.table.get(text, self.other))

    def again_at(self, error: Refused, now: datetime) -> datetime | None:
        """From when it is taken again; None where nobody knows, which is after a few seconds where it `comes_again`."""
        return error.until or (next_day(now, self.day) if error.consequence is Consequence.SPENT else None)


def next_day(now: datetime, there: tzinfo) -> datetime:
    """When the next day begins there."""
    day = (now.astimezone(there) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.astimezone(now.tzinfo)
