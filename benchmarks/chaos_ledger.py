"""A provider that remembers whose message it took how often, and a way to it that can fall silent."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from mobile_push.sandbox import Answer

# What runs as a script there imports its neighbours by their bare names.
sys.path.append(str(Path(__file__).with_name("peers")))
from provider import SILENCE, Provider

#: A message's id, and the token of the phone that it is for.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the messages that were promised."""

    promised: int
    lost: list[Key]
    #: Messages that were taken once more, and those of them that the provider didn't itself ask for by its silence.
    again: int
    again_without_need: int

    @property
    def share(self) -> float:
        return self.again_without_need / self.promised if self.promised else 0.0


class Ledger(Provider):
    """The provider over HTTP/2, exact to each message and phone."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context)
        #: How often each was taken, and how often without a word to the sender.
        self.took: Counter[Key] = Counter()
        self.unanswered: Counter[Key] = Counter()
        #: `time.monotonic()` of each that was taken.
        self.times: list[float] = []
        #: Messages that came again before the time that their refusal had named.
        self.early = 0
        self._not_before: dict[Key, float] = {}
        self._taken = asyncio.Event()

    def answer(self, authorization: str | None, path: str, body: bytes) -> Answer:
        answer = super().answer(authorization, path, body)
        message = orjson.loads(body)["message"]
        key = (message["data"]["message_id"], message["token"])
        now = time.monotonic()
        if now < self._not_before.pop(key, 0.0):
            self.early += 1
        if (wait := answer.headers.get("Retry-After")) is not None:
            self._not_before[key] = now + float(wait)
        if answer.code == "OK" or answer is SILENCE:
            self.took[key] += 1
            self.unanswered[key] += answer is SILENCE
            self.times.append(now)
            self._taken.set()
        return answer

    async def until(self, count: int, seconds: float) -> None:
        """Wait until so many messages were taken. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.times) < count:
                self._taken.clear()
                await self._taken.wait()

    def next_after(self, moment: float) -> float:
        """Seconds from a moment to the next message; infinite where there was none."""
        return next((at for at in self.times if at > moment), float("inf")) - moment

    def account(self, promised: set[Key]) -> Account:
        """What became of these messages."""
        extra = {key: self.took[key] - 1 for key in promised if self.took[key] > 1}
        needless = sum(max(0, times - self.unanswered[key]) for key, times in extra.items())
        lost = sorted(promised - self.took.keys())
        return Account(len(promised), lost, sum(extra.values()), needless)


@dataclass
class Way:
    """Carries bytes between its own port and a server's. While it is mute it accepts, and nothing comes back."""

    port: int = 0
    to: int = 0
    mute: bool = False
    #: Connections that are open.
    open: int = 0
    _speaks: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Way:
        self._speaks.set()
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()

    def fall_silent(self) -> None:
        self._speaks.clear()

    def speak(self) -> None:
        self._speaks.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self._writers.add(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.to)
            self._writers.add(back)
            try:
                await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
            finally:
                self._writers.discard(back)
                back.close()
        finally:
            self.open -= 1
            self._writers.discard(writer)
            writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._speaks.wait()
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()
