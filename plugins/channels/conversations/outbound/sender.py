"""What a channel offers that can be written to unasked: the outbound half of its adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    channel = channel_of(account)
    found = (one for _, one in platform.registry.offered(OUTLETS) if one.channel == channel)
    return next((one.sender(platform) for one in found), None)
