"""What every push provider looks like to the delivery loop: one message and one address in, one receipt out.

A provider sends and tells what became of it. It never retries later, never sleeps through a Retry-After
and never touches the database: when to try again, and what to do with a dead token, is the loop's to decide.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, Self, runtime_checkable

from banshi import Key, Platform
from banshi.sdk.outgoing import Consequence
from mobile_push.screen.presentation import Kind, Presentation

#: Seconds between two words to the log about the same thing, and things that are remembered for it.
QUIET_S, MAX_REMEMBERED = 60.0, 1000

#: Seconds; a longer Retry-After is a mistake more often than a wish, and asking once an hour harms nobody.
MAX_RETRY_AFTER_S = 3600.0

#: Statuses that say "too many", the second in Microsoft's words; and seconds to wait after one without Retry-After, as
#: the FCM documentation asks.
TOO_MANY, QUOTA_WAIT_S = (429, 406), 60.0


class Push(NamedTuple):
    """What phones are sent: a title and a link that wake them, no personal data (the inbox holds the rest).

    A broadcast sends one and the same object to all its phones, so that a provider encodes it only once.
    """

    #: The inbox message's id; the app shows each id once, since no provider can promise exactly once.
    message_id: str
    title: str
    #: Second line of the notification; "" for none.
    body: str
    #: What the app opens; a path of this platform.
    link: str
    kind: Kind
    #: Seconds for which a phone that is off is still worth waking; 0 is now or never.
    ttl: int
    #: A newer push with the same key replaces this one, on the phone and while it waits at the provider; None keeps
    #: both.
    collapse_key: str | None
    #: "high" wakes a sleeping phone; providers demote an app that uses it for what can wait.
    priority: Literal["high", "normal"]
    #: How loudly it is shown.
    presentation: Presentation = Presentation()
    #: What it is called on the screen, 64 bytes at most: a newer one of that name replaces it there. "" takes the
    #: collapse key, or else the message's id.
    tag: str = ""
    #: Messages with the same are shown together; "" leaves that to the phone.
    thread: str = ""
    #: A picture's https address; "" for none.
    image: str = ""
    #: What became of what it takes back from the screen: "recalled" or "superseded"; "" where it takes nothing back.
    withdrawn: str = ""
    #: CAP's words for what everybody may read of an alert: its category and severity; of a notice its kind. "" of all
    #: else.
    category: str = ""
    severity: str = ""
    #: How many messages its person hasn't read, this one counted in; None of what goes to many, which leaves the app's
    #: badge as it is.
    badge: int | None = None

    @property
    def name(self) -> str:
        """What it is called on the screen."""
        return self.tag or self.collapse_key or self.message_id

    @property
    def number(self) -> int:
        """The same for makers that take a number, of 31 bits: two of a phone's messages share one in 2,147,483,647."""
        return zlib.crc32(self.name.encode()) & 0x7FFF_FFFF or 1


class Outcome(StrEnum):
    """What became of a push, and so what the delivery loop does next."""

    #: The provider took it.
    ACCEPTED = "accepted"
    #: This installation is gone for good: forget the token.
    DEAD_TOKEN = "dead-token"  # noqa: S105  # an outcome's name, not a secret
    #: Not now; the same push may go later, not before `retry_after`.
    RETRY = "retry"
    #: What the service counts is used up for this kind of message, until its day turns: phones that have another way
    #: get it by that, the others then.
    SPENT = "spent"
    #: This very message can never be sent (too large, malformed); the token stays.
    REJECTED = "rejected"
    #: Our project's fault (credentials, rights, sender): the token stays, operators are told.
    MISCONFIGURED = "misconfigured"


#: What a service's code means for a message. Phones know one by its id, so of a lost answer it is sent again.
OUTCOMES = {
    Consequence.TOKEN: Outcome.MISCONFIGURED,
    Consequence.SOON: Outcome.RETRY,
    Consequence.SPENT: Outcome.SPENT,
    Consequence.UNKNOWN: Outcome.RETRY,
    Consequence.DEAD: Outcome.DEAD_TOKEN,
    Consequence.SHUT: Outcome.REJECTED,
    Consequence.REFUSED: Outcome.REJECTED,
    Consequence.OURS: Outcome.MISCONFIGURED,
}


class Receipt(NamedTuple):
    """A provider's answer to one push."""

    outcome: Outcome
    #: Stable reason: the provider's own word ("UNREGISTERED") or ours in lower case ("timeout").
    code: str
    #: Seconds to wait at least, where the provider said so; None leaves it to the loop's own backoff, or of what is
    #: spent to the end of the provider's day.
    retry_after: float | None = None
    #: The provider's name for an accepted message, to ask its support about.
    provider_message: str | None = None
    #: Unix seconds since when an address is dead, where the provider says it: one that the app gave us since is none.
    dead_since: float | None = None
    #: Only this address takes nothing now, and the service takes the same for others.
    phone_alone: bool = False


#: What can be no address of the provider's, and is never sent there.
MALFORMED = Receipt(Outcome.DEAD_TOKEN, "malformed-token")

#: What can't be sent at all: half a character, or more bytes than the service takes.
NOT_TEXT, TOO_LARGE = Receipt(Outcome.REJECTED, "not-text"), Receipt(Outcome.REJECTED, "too-large")

#: There was no whole answer in time, and a connection broke off: what was sent may have arrived.
TIMEOUT, CONNECTION = Receipt(Outcome.RETRY, "timeout"), Receipt(Outcome.RETRY, "connection")

#: No connection was made and there was no access token: nothing was sent.
NO_CONNECTION, NO_ACCESS_TOKEN = Receipt(Outcome.RETRY, "no-connection"), Receipt(Outcome.RETRY, "token-endpoint")


class Provider(Protocol):
    """A way to phones. An async context manager: it opens connections on entry and closes them on exit.

    Example::

        async with FcmProvider(settings) as provider:
            receipt = await provider.send(push, token)
    """

    @property
    def name(self) -> str:
        """The word for it in plugins.toml, device registrations and metrics."""

    @property
    def at_once(self) -> int:
        """Sends that may be under way together."""

    @property
    def per_second(self) -> float | None:
        """Messages a second that it takes from us; None for any number."""

    @property
    def one_service(self) -> bool:
        """Whether all messages go to one service, so that its refusals and failures are everybody's."""

    @property
    def longest_send(self) -> float:
        """Seconds that one send takes at most."""

    async def send(self, push: Push, token: str) -> Receipt:
        """Try once to send `push` to `token`, the address of one installation of the app as this provider issued it.

        Every failure is a receipt, only cancellation is raised.
        """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


#: A provider's name: in rows it may have a mark behind it.
NAME = re.compile("[a-z0-9-]{1,15}")


@dataclass(frozen=True, slots=True)
class Way:
    """A provider that a plugin offers: `banshi_offers` gives it under `PROVIDERS`, and phones register for its name."""

    #: Letters, digits and hyphens, at most 15; what phones say when they register.
    name: str
    #: Makes the provider, which is opened when the server starts and closed when it stops.
    make: Callable[[], Provider]
    #: The same of the running platform, where it needs one; then nobody calls `make`.
    of: Callable[[Platform], Provider] | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(
                f"a provider's name is {self.name!r}; take lower case letters, digits, hyphens, 15 at most"
            )


#: Where mobile_push finds the providers; its own are offered in the same way.
PROVIDERS: Key[Way] = Key("mobile_push.providers")


def day_of(provider: Provider) -> tzinfo:
    """Where the provider's day turns, with which what it counts is whole again: its `day`, or UTC."""
    day: tzinfo = getattr(provider, "day", UTC)
    return day


@runtime_checkable
class BatchProvider(Provider, Protocol):
    """A provider that takes one message for many phones in one request. `per_second` counts phones, not requests."""

    @property
    def batch(self) -> int:
        """Phones of one request at most."""

    async def send_many(self, push: Push, tokens: Sequence[str]) -> list[Receipt]:
        """Try once to send `push` to all of `tokens`: a receipt for each, in their order.

        What is repeated comes with the same tokens in the same order, wherever the provider has had no word of one.
        """


@runtime_checkable
class TopicProvider(Provider, Protocol):
    """A provider that keeps lists of its own of who follows a topic, so that one request reaches all of them."""

    async def send_topic(self, push: Push, topic: str, unless: str = "") -> Receipt:
        """Try once to send `push` to all who follow `topic`, but for those who follow the topic `unless` as well.

        ACCEPTED says that it was taken, not whom it reaches.
        """

    async def subscribe(self, topic: str, tokens: Sequence[str]) -> list[Receipt]:
        """Let phones follow `topic`: a receipt for each token, in their order; ACCEPTED where it follows now."""

    async def unsubscribe(self, topic: str, tokens: Sequence[str]) -> list[Receipt]:
        """Let phones follow `topic` no more: a receipt for each token, in their order."""


class OnceAMinute:
    """What is to be said of something once a minute: every message would say the same."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def is_due(self, what: str) -> bool:
        """Whether to say it now."""
        now = time.monotonic()
        if now - self._said.get(what, -QUIET_S) < QUIET_S:
            return False
        if len(self._said) >= MAX_REMEMBERED:
            self._said.clear()
        self._said[what] = now
        return True


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks for, as a number or an HTTP date (RFC 9110 section 10.2.3); None without one.

    A date is held against the server's own Date header, so that neither clock's error counts.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_S)
    try:
        until = parsedate_to_datetime(text)
        date = headers.get("Date")
        now = parsedate_to_datetime(date) if date else datetime.now(UTC)
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - now.replace(tzinfo=now.tzinfo or UTC)).total_seconds()
    except (ValueError, OverflowError):  # a year or an offset of twenty digits
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
