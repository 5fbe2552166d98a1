"""A sandbox with phones: a page to chat on, and the same by requests."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

import orjson
from aiohttp import web

from sandboxes.deliveries import Deliveries, DeliveryFaults
from sandboxes.sandbox import Asked, Control, Sandbox, answered

F = TypeVar("F", bound=DeliveryFaults)
M = TypeVar("M")


class Seen(NamedTuple):
    """A bubble on a phone."""

    #: Counts from 1 on each phone.
    number: int
    #: own, reply, system, or another word for how it came.
    via: str
    #: The provider's kind of message: text, image, …
    kind: str
    text: str
    #: What else the kind has.
    more: dict[str, Any]


class Screen(list[Seen]):
    """What is on a phone, the last one at the end."""

    def show(self, via: str, kind: str, text: str = "", **more: Any) -> None:
        self.append(Seen(len(self) + 1, via, kind, text, more))


class Callbacks(Deliveries[M]):
    """The account's server, as a chat's provider calls it."""

    def __init__(self, account: Any, to: str) -> None:
        super().__init__(to, account.faults)
        self.account = account

    @property
    def patience(self) -> tuple[float, int]:
        return self.account.limits.answer_s, self.account.limits.attempts


class Phones(Sandbox[F]):
    """A chat's provider on this machine: `/` is the page, `/sandbox/phones/{name}` a screen, and what is below it is
    what its owner does; `GET /sandbox/deliveries` shows what the account's server was sent, and `PUT /sandbox/limits`
    sets the provider's numbers."""

    #: What people call the provider, and what makes an account and its server as the provider calls it.
    TITLE: ClassVar[str]
    ACCOUNT: ClassVar[type[Any]]
    CALLBACKS: ClassVar[type[Any]]
    #: What of an account is made up, and kept.
    MADE_UP: ClassVar[Sequence[str]] = ("secret",)
    MAX_REQUEST_BYTES = 24 << 20

    callbacks: Callbacks[Any]

    def __init__(self, to: str, host: str = "127.0.0.1", port: int = 0, account: Any = None) -> None:
        """The account's server is at `to`."""
        self.account = account = account or self.ACCOUNT()
        super().__init__(account.faults, host, port)
        self.clock, self.callbacks = account.clock, self.CALLBACKS(account, to)

    @classmethod
    def kept(cls, to: str, host: str, port: int, keys: Mapping[str, Any]) -> Self:
        """With the account that an earlier run has made up; without keys, with a new one."""
        return cls(to, host, port, cls.ACCOUNT(**keys))

    def keys(self) -> dict[str, str]:
        """What was made up of its account."""
        return {name: getattr(self.account, name) for name in self.MADE_UP}

    @abstractmethod
    def table(self, name: str) -> Sequence[str]:
        """What stands in plugins.toml for it, by the name that the address has."""

    @abstractmethod
    def phone(self, name: str) -> Any:
        """Somebody at a phone: `seen` is a `Screen`; what they do are public coroutines, such as `says(text)`."""

    @abstractmethod
    def screen(self, name: str) -> tuple[dict[str, Any], Mapping[str, str]]:
        """What a page shows beside the bubbles, and the cookies of whoever has that phone.

        `windows` is None where the page says nothing of them; with `group` others read along, and `names` are offered.
        """

    def controls(self) -> Mapping[str, Control]:
        return {
            **super().controls(),
            "GET limits": lambda _: self.account.limits,
            "PUT limits": lambda asked: setattr(self.account, "limits", type(self.account.limits).read(asked.body)),
            "GET phones/": self._screen,
            "POST phones/": self._does,
            "GET deliveries": lambda _: [one._asdict() for one in self.callbacks.deliveries],
            "POST repeats": lambda _: self.callbacks.send_late(),
        }

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self.callbacks.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        await self.callbacks.__aexit__()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if (request.method, request.path) == ("GET", "/"):
            return web.Response(text=Path(__file__).with_suffix(".html").read_text("utf-8"), content_type="text/html")
        return await super().serve(request)

    def _screen(self, asked: Asked) -> web.StreamResponse:
        after, phone = asked.query.get("after", "0"), self.phone(asked.below)
        seen = phone.seen[int(after) if after.isascii() and after.isdigit() else 0 :]
        found, cookies = self.screen(asked.below)
        does = [one for one in dir(phone) if not one.startswith("_") and iscoroutinefunction(getattr(phone, one))]
        response = answered({**found, "does": does, "bubbles": [one._asdict() for one in seen]})
        for name, value in cookies.items():
            response.set_cookie(name, value, samesite="Lax")
        return response

    async def _does(self, asked: Asked) -> None:
        name, _, does = asked.below.rpartition("/")
        phone = self.phone(name)
        if does.startswith("_") or not iscoroutinefunction(getattr(phone, does, None)):
            raise ValueError(f"a phone does nothing that is called {does}")
        if does == "sends":
            await phone.sends(asked.query.get("kind", "image"), asked.body)
        else:
            await getattr(phone, does)(**orjson.loads(asked.body or b"{}"))
