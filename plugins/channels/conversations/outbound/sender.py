"""What a channel offers that can be written to unasked: the outbound half of its adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from banshi import Key, Platform, Texts
from conversations.contents import Received, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One message to one contact, to be sent now."""

    #: The same at every try: for providers that know a message again by it.
    id: str
    #: The account's name, and the provider's id of the other end.
    account: str
    contact: str
    reply: Reply
    #: The window that was spent for it; "" where the channel has none.
    window: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken it."""

    #: Its id there, by which `Conversations.delivered` finds it again.
    id: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider doesn't take it, whatever status of HTTP it says so with."""

    #: The provider's own.
    code: str
    #: What that means, for the officer who reads it.
    why: Texts
    #: Whether it would refuse it again. What isn't final is tried again, with pauses that grow.
    final: bool = True
    #: Whether the provider counts it in the window all the same.
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing was sent: no connection, no token, too many at once. It is tried again then."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Shut:
    """The provider says that the window is over, or used up, which our row didn't know."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It was sent and the answer was lost. It is never sent again by itself."""


Outcome = Accepted | Refused | Later | Shut | Unknown


@dataclass(frozen=True, slots=True)
class Opened:
    """A window that an inbound message opens, from its moment on: the one of its kind that was open before is over."""

    #: The channel's own word for it: letters and hyphens, at most 16.
    kind: str
    lasts: timedelta
    #: Messages that may be sent in it; None for any number.
    sends: int | None = None


class Sender(Protocol):
    """Sends for all accounts of one channel."""

    #: Whether its contacts may be written to inside a window alone.
    has_windows: bool

    def windows(self, received: Received) -> Sequence[Opened]:
        """Which windows that message opens."""

    async def send(self, outbound: Outbound) -> Outcome:
        """Try once. What it raises is `Unknown`."""


class Opener(Protocol):
    """Learns who opens a link of ours in the provider's own browser: its sign-in says whose contact that is."""

    def leads(self, account: str, browser: str, back: str, state: str) -> str:
        """Where that browser is led; "" for any other, and where the account has no such sign-in.

        Args:
            browser: Its User-Agent.
            back: Our address to which the provider leads it back.
            state: Letters and digits, 64 of them, that it brings back.
        """

    async def who(self, account: str, came: Mapping[str, str]) -> str:
        """The provider's id of who has come back with these parameters; "" where it doesn't say. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """What `banshi_offers` gives under `OUTLETS`.

    Example::

        Offer(OUTLETS, Outlet("wechat", lambda platform: platform[WECHAT]))
    """

    #: What the names of its accounts begin with: `wechat` of `wechat:wx1234`.
    channel: str
    sender: Callable[[Platform], Sender]
    #: What people call its accounts, by name: a sign-in page shows it.
    titles: Mapping[str, Texts] = field(default_factory=dict)
    #: Who says whose contact opens a link, where the provider can; without, whoever has the link may use it.
    opener: Callable[[Platform], Opener] | None = None


OUTLETS: Key[Outlet] = Key("conversations.outlets")


def channel_of(account: str) -> str:
    """The channel of an account's name."""
    return account.partition(":")[0]


def title_of(platform: Platform, account: str) -> Texts:
    """What people call an account; its name where nobody says."""
    titles = (one.titles for _, one in platform.registry.offered(OUTLETS))
    return next((found[account] for found in titles if account in found), {"zh-CN": account, "en": account})


def sender_of(platform: Platform, account: str) -> Sender | None:
    """Who sends for an account; None where its channel can't be written to unasked."""
    return next((one.sender(platform) for one in _outlets(platform, account)), None)


def opener_of(platform: Platform, account: str) -> Opener | None:
    """Who learns whose contact opens a link; None where the account's channel can't."""
    return next((one.opener(platform) for one in _outlets(platform, account) if one.opener), None)


def _outlets(platform: Platform, account: str) -> Iterator[Outlet]:
    channel = channel_of(account)
    return (one for _, one in platform.registry.offered(OUTLETS) if one.channel == channel)
