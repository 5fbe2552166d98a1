"""What a channel offers that can be written to unasked: the outbound half of its adapter."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from banshi import LANGUAGES, Finding, Key, Platform, Texts, Update
from conversations.contents import Account, Received, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One message to one contact, to be sent now."""

    #: The same at every try: for providers that know a message again by it.
    id: str
    #: The account's name, and the provider's id of the other end.
    account: str
    contact: str
    reply: Reply
    #: The window that was spent for it, "" where the channel has none; and the provider's own id of the message that
    #: opened it, for providers that want to know what they are sent an answer to.
    window: str = ""
    ref: str = ""


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
    """Nothing was sent: no connection, no token, too many at once. It is tried again, however long that lasts."""

    #: When; None leaves it to the courier: after 1, 2, 4 and at most 16 seconds.
    at: datetime | None = None
    #: The provider's own word for why.
    code: str = ""


@dataclass(frozen=True, slots=True)
class Shut:
    """The provider says that the window is over, or used up, which our row didn't know."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It was sent and the answer was lost. It is never sent again by itself, but for what has an `until`."""


Outcome = Accepted | Refused | Later | Shut | Unknown


@dataclass(frozen=True, slots=True)
class Opened:
    """A window that an inbound message opens, from its moment on: the one of its kind that was open before is over."""

    #: The channel's own word for it: letters and hyphens, at most 16.
    kind: str
    lasts: timedelta
    #: Messages that may be sent in it; None for any number.
    sends: int | None = None
    #: It takes the place of a longer one, too: windows of one kind differ, and messages come in order.
    replaces: bool = False
    #: It is that message's alone: an answer to it goes in its own window, and in another only where that is over.
    own: bool = False


class Sender(Protocol):
    """Sends for all accounts of one channel."""

    #: Whether its contacts may be written to inside a window alone.
    has_windows: bool

    def windows(self, received: Received) -> Sequence[Opened]:
        """Which windows that message opens."""

    async def send(self, outbound: Outbound) -> Outcome:
        """Try once. What it raises is `Unknown`."""


#: What is told: what became of a case, or an alert; and a notice for a place, which is said in the chat alone.
Kind = Literal["case", "alert", "notice"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of the provider's own that is ready to go: it needs no window."""

    send: Callable[[], Awaitable[Outcome]]
    #: Written with the mark that it is on its way, such as somebody's consent that is spent: where one of them finds no
    #: row the notice isn't sent, and asked for again. And what gives that back where nothing was sent.
    spends: Sequence[Update] = ()
    gives_back: Sequence[Update] = ()
    #: Told where the provider refuses it.
    refused: Callable[[Refused], Awaitable[None]] | None = None


class Notifier(Protocol):
    """Makes notices of the provider's own for all accounts of one channel."""

    async def notice(self, to: Outbound, about: Kind, news: Mapping[str, str]) -> Notice | Later | str:
        """The notice that tells of that; why there is none, and then it is said in the chat.

        `Later` where none can be sent now, as without an access token: so nothing is marked yet. What it raises is
        like a text: it is said in the chat.

        Args:
            news: What can stand in its fields: title, time, and of a case item and number, of an alert event, areas and
                until. Each is a text in the city's language; none is empty.
        """


#: Reads a channel's message that was kept, of the account that `Answering.answered` was given by this name: None where
#: it says nothing, and then it is dropped. Raises LookupError where that account isn't run here, and then it is left.
Inlet = Callable[[Platform, str, bytes], tuple[Account, Received] | None]


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

    #: What the names of its accounts begin with: `wechat` of `wechat:wx1234`. Each channel is offered once.
    channel: str
    #: Who sends; None where it can't be written to unasked: what is to be said goes with the next answer.
    sender: Callable[[Platform], Sender] | None = None
    #: What people call its accounts, by name: a sign-in page shows it.
    titles: Mapping[str, Texts] = field(default_factory=dict)
    #: For `Answering`: messages that can't be answered in the provider's time are kept, and answered afterwards.
    inlet: Inlet | None = None
    #: Who makes notices: then alerts are told on it, by a notice or in the chat.
    notifier: Callable[[Platform], Notifier] | None = None
    #: Who says whose contact opens a link, where the provider can; without, whoever has the link may use it.
    opener: Callable[[Platform], Opener] | None = None
    #: Accounts of which the opener always says it: their links are for the provider's own browser alone.
    own_browser: Collection[str] = ()
    #: Whether its provider knows a message again by `Outbound.id` and sends one: what may have been sent is sent again.
    knows_again: bool = False
    #: Files that its sender can send: bytes at most by media type.
    files: Mapping[str, int] = field(default_factory=dict)
    #: Asked of an account before a message is marked: `Later` while nothing can be sent, as without an access token. So
    #: a server that is killed while it waits for one leaves no doubt about the message.
    ready: Callable[[Platform], Callable[[str], Awaitable[Later | None]]] | None = None
    #: Whether an answer goes by a call of its own: then it is promised with its turn, and nobody has to send it.
    by_call: bool = False
    #: What is done before notices are promised, such as taking over what another version of the channel has told.
    before_notices: Callable[[Platform], Awaitable[None]] | None = None
    #: Bytes that it takes as one message, 0 for any number: what is longer goes in parts. In UTF-16 a letter has two.
    most_bytes: int = 0
    encoding: str = "utf-8"


OUTLETS: Key[Outlet] = Key("conversations.outlets")

#: At which telephone number a person may be told of a case: "" of whoever hasn't given one and agreed to that.
NUMBERS: Key[Callable[[Platform, str, UUID], Awaitable[str]]] = Key("telephone numbers")


#: Code points of the longest letter that isn't cut, such as a family's emoji; and a letter with all that belongs to it:
#: a flag, or a sign with its marks, variation, colour of skin and what it is joined to.
MAX_LETTER = 32
_MARKS = "[\u0300-\u036f\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
_LETTER = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|.{_MARKS}(?:\u200d.{_MARKS})*", re.DOTALL)


def pieces(text: str, outlet: Outlet) -> list[str]:
    """The text in pieces that a channel takes: cut between lines where that wastes little, in no letter ever."""
    found, rest, most, encoding = list[str](), text, outlet.most_bytes, outlet.encoding
    while most and len(raw := rest.encode(encoding)) > most:
        fits = len(raw[:most].decode(encoding, "ignore"))
        ends = (one.end() for one in _LETTER.finditer(rest[: fits + MAX_LETTER]))
        line, whole = rest.rfind("\n", 0, fits), max((end for end in ends if end <= fits), default=0)
        cut = line if line > fits / 2 else whole or fits or 1
        found.append(rest[:cut])
        rest = rest[cut:].lstrip("\n")
    return [*found, rest] if rest or not found else found


def channel_of(account: str) -> str:
    """The channel of an account's name."""
    return account.partition(":")[0]


def outlet_of(platform: Platform, account: str) -> Outlet:
    """What is offered of an account's channel; nothing where nobody offers it."""
    channel, offered = channel_of(account), platform.registry.offered(OUTLETS)
    return next((one for _, one in offered if one.channel == channel), Outlet(channel))


def title_of(platform: Platform, account: str) -> Texts:
    """What people call an account; its name where nobody says."""
    return outlet_of(platform, account).titles.get(account, dict.fromkeys(LANGUAGES, account))


def sender_of(platform: Platform, account: str) -> Sender | None:
    """Who sends for an account; None where its channel can't be written to unasked."""
    made = outlet_of(platform, account).sender
    return made(platform) if made else None


def same_channels(registry: Any) -> Iterator[Finding]:
    """Channels that are offered twice: whose sender would it be?"""
    offered = dict[str, str]()
    for plugin, one in registry.offered(OUTLETS):
        if one.channel in offered:
            advice = f'{offered[one.channel]} offers a channel "{one.channel}", too: give this Outlet another name'
            yield Finding(plugin, "same-channel", advice)
        offered.setdefault(one.channel, plugin)
