"""What passes between a channel and the conversations: the only values that an adapter has to know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Text:
    """What somebody wrote, or chose by its number or a button."""

    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A picture or a file that somebody sent."""

    #: Its bytes, fetched from the provider at once: most keep them for a few days alone.
    fetch: Callable[[], Awaitable[bytes]] = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is, or means: degrees in WGS 84, and what the provider's map calls it."""

    latitude: float
    longitude: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """Something spoken. Where the provider has heard words in it, they are read back."""

    words: str = ""
    #: Its sound, fetched as a file's bytes are; None where the channel doesn't give it.
    fetch: Callable[[], Awaitable[bytes]] | None = field(default=None, repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody has begun to follow the account."""


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody follows the account no more: nothing reaches them."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """Somebody has scanned a QR code of the account that carries a text of ours."""

    token: str = field(repr=False)


Content = Text | File | Place | Voice | Joined | Left | Scanned


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One inbound message, verified and decrypted by its adapter."""

    #: The provider's own id of it: a repeat has the same.
    key: str
    #: The provider's id of who sent it.
    contact: str
    content: Content
    at: datetime
    #: zh-CN or en, where the provider knows it; otherwise what they write says it.
    language: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A choice: what it is called, and the text that it stands for when somebody takes it."""

    label: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said: the answer to one inbound message, or unasked."""

    text: str
    #: The choices that the text lists by number, for channels with buttons. Typed text is always understood too.
    buttons: Sequence[Button] = ()

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {"text": self.text, "buttons": [[one.label, one.says] for one in self.buttons]}

    @classmethod
    def of(cls, stored: Any) -> Reply:
        return cls(text=stored["text"], buttons=tuple(Button(*one) for one in stored["buttons"]))


class Account(Protocol):
    """Our identity at a provider: what an adapter has opened."""

    #: Names it among all accounts of all channels, such as `wechat:wx1234`.
    name: str
