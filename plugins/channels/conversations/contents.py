"""What passes between a channel and the conversations: the only values that an adapter has to know."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

import orjson

from banshi import Problem, Unavailable
from banshi.sdk.outgoing import CallFailed, Outgoing
from conversations.sentences import say
from desk import Attached
from questions.spelling import written

#: Letters of what somebody wrote that are kept with its turn, no answer to a form is longer; and bytes of a file.
MAX_HEARD_CHARS, MAX_FILE_BYTES = 4_000, 20_971_520


class FileOver(Problem, status=410, code="file-over", says=say):
    """The provider does not have this file any more; send it once more."""


class FileTooLarge(Problem, status=413, code="too-large", says=say):
    """This file is too large to be taken here; send a smaller one."""


async def fetched(outgoing: Outgoing, url: str, seconds: float) -> bytes:
    """A file that somebody has sent, from its provider.

    Raises FileOver, FileTooLarge, and Unavailable where the provider is away.
    """
    try:
        found = await outgoing.call(url, body=b"", headers={}, seconds=seconds, limit=MAX_FILE_BYTES, method="GET")
    except CallFailed as failed:
        raise FileTooLarge if failed.code == "too-long" else Unavailable from None
    if not found.ok:
        raise Unavailable if found.status >= 500 else FileOver
    return found.body


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
class Video:
    """A film that somebody sent. An officer takes it; elsewhere they are told what can be sent in its place."""

    #: Its bytes, fetched as a file's are; None where the channel doesn't give them.
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


@dataclass(frozen=True, slots=True)
class Entrance:
    """Somebody has come by a QR code of the city's own, such as a poster's, that leads to an item or a desk."""

    sort: Literal["item", "desk"]
    code: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that can't be read or kept here; they are told what can be."""


Content = Text | File | Place | Voice | Video | Joined | Left | Scanned | Entrance | Unread


def kept_content(content: Content) -> Mapping[str, Any]:
    """What is kept of what came in."""
    match content:
        case Text(text):
            return {"text": written(text)[:MAX_HEARD_CHARS]}
        case Voice(words):
            return {"voice": written(words)[:MAX_HEARD_CHARS]}
        case File(name=name) | Video(name=name):
            return {"file": written(name)}
        case Place(latitude, longitude, label):
            return {"place": [latitude, longitude, written(label)]}
    return {"event": type(content).__name__.lower()}


def digest_of(content: Content) -> str:
    """The same for the same content. A file's is its name: a repeat fetches it from where it lay before."""
    whole = ""
    match content:
        case Text(text):
            whole = written(text)
        case Scanned(token):
            whole = token
        case Entrance(_, code):
            whole = code
    told = {**kept_content(content), "whole": whole}
    return hashlib.blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


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
    #: Whether others read along: the contact is a group then, which nobody is bound by, and hears nothing personal.
    group: bool = False
    #: What an answer to it names it by, where that isn't its key; up to 255 letters.
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """A choice: what it is called, and the text that it stands for when somebody takes it."""

    label: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a text asks, as data: for a channel with forms, and for a program, neither of which matches words."""

    #: What it wants: a `Sort` of `questions.plan`; "confirm" where all is shown once more, "menu" outside a form.
    sort: str
    #: JSON Pointer into what is handed in.
    pointer: str = ""
    title: str = ""
    #: The field's JSON Schema, in the reader's language.
    schema: Mapping[str, Any] = field(default_factory=dict)
    #: Value, words, and the text that stands for it. Anything else is answered as it is written: 2026-12-09, 3.5.
    choices: Sequence[tuple[Any, str, str]] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Asked:
        return cls(**{**stored, "choices": tuple(tuple(one) for one in stored["choices"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said: the answer to one inbound message, or unasked."""

    text: str
    #: The choices that the text lists by number, for channels with buttons. Typed text is always understood too.
    buttons: Sequence[Button] = ()
    #: The question at its end, where there is one.
    asked: Asked | None = None
    #: What an officer sends with it.
    file: Attached | None = None

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        told = {"text": self.text, "buttons": [[one.label, one.says] for one in self.buttons]}
        more = {"asked": self.asked, "file": self.file}
        return told | {name: asdict(one) for name, one in more.items() if one}

    @classmethod
    def of(cls, stored: Any) -> Reply:
        asked = Asked.of(stored["asked"]) if stored.get("asked") else None
        file = Attached(**stored["file"]) if stored.get("file") else None
        return cls(
            text=stored["text"], buttons=tuple(Button(*one) for one in stored["buttons"]), asked=asked, file=file
        )


class Account(Protocol):
    """Our identity at a provider: what an adapter has opened."""

    #: Names it among all accounts of all channels, such as `wechat:wx1234`.
    name: str
