"""A provider in memory: what it answers a test writes, and what it was given stands there."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest

from banshi import Offer, hookimpl
from mobile_push import PROVIDERS, Forged, Heard, Outcome, Push, Receipt, Told, Way

#: What it says of a token, each time that it is asked; the last word stays.
OK = Receipt(Outcome.ACCEPTED, "OK")
DEAD = Receipt(Outcome.DEAD_TOKEN, "GONE")
SPENT = Receipt(Outcome.SPENT, "QUOTA")
LOST = Receipt(Outcome.RETRY, "timeout")
LATER = Receipt(Outcome.RETRY, "UNAVAILABLE")

BEIJING = timezone(timedelta(hours=8))


class InMemory:
    """A provider of one service."""

    at_once = 4
    per_second = None
    longest_send = 1.0
    one_service = badges = unseen = True

    def __init__(self, name: str, day: tzinfo = BEIJING) -> None:
        self.name = name
        self.day = day
        #: Token → its receipts, and the one of all others.
        self.says: dict[str, list[Receipt]] = defaultdict(list)
        self.otherwise = OK
        #: (message, token) of all that was asked for, of what was taken, and the pushes.
        self.asked: list[tuple[str, str]] = []
        self.took: list[tuple[str, str]] = []
        self.pushes: list[Push] = []
        self.slowly = 0.0

    def answer(self, push: Push, token: str) -> Receipt:
        """What it says of one push to one token."""
        self.asked.append((push.message_id, token))
        self.pushes.append(push)
        says = self.says.get(token)
        receipt = self.otherwise if not says else says.pop(0) if len(says) > 1 else says[0]
        if receipt.outcome is Outcome.ACCEPTED or receipt is LOST:
            self.took.append((push.message_id, token))
        return receipt

    async def send(self, push: Push, token: str) -> Receipt:
        await asyncio.sleep(self.slowly)
        return self.answer(push, token)

    def heard(self, headers: Any, query: Any, body: bytes, now: float) -> Heard:
        """Lines of event, token, message and time, proven by a word."""
        del now
        if headers.get("X-Proof") != "known":
            raise Forged
        told = []
        for line in body.decode().splitlines():
            event, token, message, at = line.split(" ")
            told.append(Told(event, token, message, float(at) if at else None))  # type: ignore[arg-type]
        return Heard(told, query.get("echostr", "").encode(), "text/plain")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


class InBatches(InMemory):
    """The same of a service that takes many phones in one request."""

    batch = 8

    def __init__(self, name: str, day: tzinfo = BEIJING) -> None:
        super().__init__(name, day)
        self.requests: list[tuple[str, tuple[str, ...]]] = []

    async def send_many(self, push: Push, tokens: Sequence[str]) -> list[Receipt]:
        await asyncio.sleep(self.slowly)
        self.requests.append((push.message_id, tuple(tokens)))
        return [self.answer(push, token) for token in tokens]


@contextmanager
def plugin_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, providers: Collection[InMemory], name: str = "ways_plugin"
) -> Iterator[str]:
    """The name of an importable plugin that offers these."""
    module: Any = ModuleType(name)
    module.__file__ = str(Path(__file__))
    module.__path__ = [str(folder / name)]
    Path(module.__path__[0]).mkdir(exist_ok=True)

    @hookimpl
    def banshi_offers() -> list[Offer[Way]]:
        def made(provider: InMemory) -> Callable[[], Any]:
            return lambda: provider

        return [Offer(PROVIDERS, Way(one.name, made(one))) for one in providers]

    module.banshi_offers = banshi_offers
    with monkeypatch.context() as patched:
        patched.setitem(__import__("sys").modules, name, module)
        yield name


def reached(*providers: InMemory) -> Counter[tuple[str, str]]:
    """How often each (message, token's phone) was taken, whoever took it: `a-7` and `b-7` are one phone's."""
    return Counter((message, token.partition("-")[2]) for one in providers for message, token in one.took)
