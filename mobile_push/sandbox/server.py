"""What the sandboxes of push services have in common: how a message is answered, and what phones show."""

from __future__ import annotations

import asyncio
import ssl
from abc import abstractmethod
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

import orjson
from aiohttp import web
from multidict import CIMultiDict

from mobile_push.sandbox.answers import Answer, with_retry_after
from mobile_push.sandbox.behaviour import Switches
from sandboxes.header_blocks import block
from sandboxes.http2 import Connection
from sandboxes.sandbox import Asked, Control, Sandbox

B = TypeVar("B", bound=Switches)

#: Messages that are kept to be looked at; the counts go on beyond. And those that one answer shows.
MAX_MESSAGES_KEPT, MAX_MESSAGES_SHOWN = 100_000, 1000


class Heard(NamedTuple):
    """A request, whole."""

    method: str
    #: With what stands behind its question mark, as it came.
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Received:
    """A message that a sandbox took."""

    #: Counts from 1 in the order of arrival.
    number: int
    #: Whom it was for: an address, or what the service has in its place.
    token: str
    #: `time.monotonic()` of its arrival.
    arrived: float
    #: The message as it came.
    raw: bytes

    def is_for(self, token: str) -> bool:
        """Whether it reaches that phone; "" is any."""
        return token in ("", self.token)

    @property
    def message(self) -> Any:
        """The message as JSON."""
        return orjson.loads(self.raw)

    def document(self) -> dict[str, Any]:
        """What `GET /sandbox/messages` says of it."""
        return {"number": self.number, "token": self.token, "arrived": self.arrived, "message": self.message}


class Shown(NamedTuple):
    """What a phone shows of a message."""

    phone: str
    #: A newer one of the same name takes its place.
    name: str
    title: str
    body: str
    #: What else the service says about showing it, by its own words.
    more: Mapping[str, Any]


R = TypeVar("R", bound=Received)


class PushSandbox(Sandbox[B], Generic[B, R]):
    """A push service on this machine."""

    #: How it is told to fail.
    BEHAVIOUR: type[B]
    #: Whether it speaks HTTP/2 where nobody says so.
    HTTP2: ClassVar[bool] = False

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        record: bool = True,
        http2: bool | None = None,
    ) -> None:
        """Without `record` messages are counted, and none is kept to be looked at."""
        super().__init__(self.BEHAVIOUR(), host, port, tls=tls, http2=self.HTTP2 if http2 is None else http2)
        self.record = record
        self._received: deque[R] = deque(maxlen=MAX_MESSAGES_KEPT)
        #: Exact numbers of answers to messages, by the service's words for them.
        self.answers: Counter[Any] = Counter()
        self._number = 0
        #: What is answered at one moment, by that moment.
        self._due: dict[float, list[tuple[Connection, int, bytes, bytes]]] = {}
        self.begin()

    def begin(self) -> None:
        """Make what this service has of its own."""

    @property
    def received(self) -> deque[R]:
        """The last messages that were taken, MAX_MESSAGES_KEPT at most."""
        return self._received

    def keep(self, message: R) -> None:
        if self.record:
            self._received.append(message)

    @property
    def behaviour(self) -> B:
        """The faults, as this kind of sandbox has always called them."""
        return self.faults

    @behaviour.setter
    def behaviour(self, value: B) -> None:
        self.faults = value

    @abstractmethod
    def answer(self, heard: Heard) -> Answer | None:
        """The answer to a request, and what it changes; None never comes."""

    @abstractmethod
    def settings(self, folder: Path) -> str:
        """What to put into plugins.toml; its keys are written into that folder."""

    def messages(self, asked: Asked) -> dict[str, Any]:
        """What arrived behind the message of a number. Raises ValueError."""
        of, number = asked.query.get("token") or asked.query.get("subscription", ""), asked.query.get("after", "0")
        if not (number.isascii() and number.isdigit()):
            raise ValueError("after must be the number of a message")
        chosen = islice((r for r in self.received if r.number > int(number) and r.is_for(of)), MAX_MESSAGES_SHOWN)
        answers = {str(code): count for code, count in self.answers.items()}
        return {"messages": [one.document() for one in chosen], "taken": self._number, "answers": answers}

    @abstractmethod
    def notifications(self) -> Iterator[Shown]:
        """What phones got to show, in the order of arrival."""

    def screens(self) -> dict[str, list[Shown]]:
        """Phone → what is on its screen, the newest first."""
        found: dict[str, dict[str, Shown]] = {}
        for one in self.notifications():
            screen = found.setdefault(one.phone, {})
            screen.pop(one.name, None)
            screen[one.name] = one
        return {phone: [*reversed(screen.values())] for phone, screen in found.items()}

    def controls(self) -> Mapping[str, Control]:
        ours = super().controls()
        same = {"GET behaviour": ours["GET faults"], "PUT behaviour": ours["PUT faults"]}
        return {**ours, **same, "GET messages": self.messages}

    def busy(self, quota: Answer, unavailable: Answer) -> Answer | None:
        """The answer to whom the shares meet."""
        behaviour = self.behaviour
        if self.shares.turn("quota", behaviour.quota_share):
            return with_retry_after(quota, behaviour.quota_retry_after)
        if self.shares.turn("unavailable", behaviour.unavailable_share):
            return with_retry_after(unavailable, behaviour.unavailable_retry_after)
        return None

    async def __aenter__(self) -> Self:
        self._mounted = self.mounted()
        await self._mounted.__aenter__()
        return await super().__aenter__()

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        await self._mounted.__aexit__(None, None, None)

    @asynccontextmanager
    async def mounted(self) -> AsyncIterator[None]:
        """What it needs beside a server, where another one's serves it."""
        yield

    # -- requests --------------------------------------------------------------------------------------------------

    async def call(self, request: web.BaseRequest) -> web.StreamResponse:
        """One of the service's calls."""
        heard = Heard(request.method, request.raw_path, request.headers, await request.read())
        answer = self.answer(heard) or await asyncio.get_running_loop().create_future()
        behaviour = self.behaviour
        if behaviour.answer_late and answer.status < 300 and heard.path.startswith(behaviour.EVERY):
            await asyncio.sleep(behaviour.answer_late)
        return response(answer)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The beginnings of all that it is called by."""
        return tuple(self.calls())

    def respond(self, connection: Connection, stream: int, headers: dict[str, str], body: bytes) -> None:
        """Answer at once, without what a call costs that may fail in every way, where no fault is asked for."""
        faults, path = self.faults, headers[":path"]
        if not path.startswith(self.paths):
            super().respond(connection, stream, headers, body)
            return
        if self.shares.turn("goaway", faults.goaway and 1 / faults.goaway):
            connection.go_away()
        if faults.of_paths or faults.answer_late or not path.startswith(faults.EVERY):
            super().respond(connection, stream, headers, body)
            return
        answer = None if faults.hang else self.answer(Heard(headers[":method"], path, CIMultiDict(headers), body))
        if answer is not None:
            head, latency = block(answer.status, tuple(answer.headers.items())), faults.latency
            self._answer_in(float(latency), (connection, stream, head, answer.body))  # type: ignore[arg-type]

    def _answer_in(self, seconds: float, answer: tuple[Connection, int, bytes, bytes]) -> None:
        """With one timer for all that came in the same turn of the loop."""
        if not seconds:
            answer[0].answer(*answer[1:])
            answer[0].flush()
            return
        loop = asyncio.get_running_loop()
        if (due := self._due.get(now := loop.time())) is None:
            due = self._due[now] = []
            loop.call_later(seconds, self._answer_all, now)
        due.append(answer)

    def _answer_all(self, moment: float) -> None:
        due = self._due.pop(moment)
        for connection, stream, head, body in due:
            connection.answer(stream, head, body)
        for connection in {one[0] for one in due}:
            connection.flush()


def response(answer: Answer) -> web.Response:
    return web.Response(body=answer.body, status=answer.status, headers=answer.headers)
