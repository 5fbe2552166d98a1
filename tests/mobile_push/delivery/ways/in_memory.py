"""A provider in memory: what it answers a test writes, and what it was given stands there; and phones of several."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest

from banshi import Offer, hookimpl
from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole
from banshi.testing import Door, open_door
from mobile_push import PROVIDERS, Forged, Heard, Outcome, Push, Receipt, Told, Way
from mobile_push.tables.models import Address, Delivery, Device
from tests.mobile_push.conftest import none_of, send
from tests.places import TRAFFIC

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


@asynccontextmanager
async def opened(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    these: Sequence[InMemory],
    database: str = "",
    duty: ProcessRole = EVERYTHING,
    **own: Any,
) -> AsyncIterator[Door]:
    with plugin_of(folder, monkeypatch, these) as plugin:
        plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "ways": plugin, "mobile_push": "mobile_push"}
        mine = {"mobile_push": {"one_person": ["traffic"], **own}}
        kernel: dict[str, Any] = {"database": database} if database else {}
        async with open_door(folder, plugins, settings=mine, platform=kernel, duty=duty) as door:
            yield door


def phone(number: int | str, providers: str = "abc", **changes: Any) -> dict[str, Any]:
    """A registration of one phone with an address at each of these providers."""
    first, *others = [{"provider": one, "token": f"{one}-{number:0>8}"} for one in providers]
    return {**first, "platform": "android", **({"addresses": others} if others else {}), **changes}


async def register(door: Door, number: int | str, providers: str = "abc", who: str = "wang", **changes: Any) -> Any:
    return (await door.citizen(who).post("/v1/devices", phone(number, providers, **changes))).created()


async def sent(door: Door, who: str = "wang") -> str:
    """The id of a message to somebody."""
    return (await send(door, who)).id


async def settled() -> bool:
    """Whether no delivery is due any more."""
    return await none_of(Delivery.filter(state="due"))


async def addresses() -> set[str]:
    """The tokens that are kept, of phones' own rows and beside them."""
    own = {device.token for device in await Device.all() if device.token}
    return own | {one.token for one in await Address.all()}
