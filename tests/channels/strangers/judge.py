"""Whether a channel does what a channel has to, whoever wrote it: every item, and nothing lost or twice when killed."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import pytest

from banshi import Item
from banshi.kinds.appointment.scheduler import make_ahead
from banshi.testing import Door, open_door
from conversations import Content, Reply
from conversations.holdings import tidy
from conversations.outbound import courier
from conversations.tables.models import Said, Turn
from tests.channels.chatting import Chatter
from tests.channels.conversations.engine import test_every_item as items
from tests.clients.people import City
from tests.places import ROOT
from tests.processes import commands
from tests.town.registers import DEPARTMENTS, import_samples
from tests.tries import tries
from tests.waiting import WAIT_TIMEOUT_S, until

#: Strangers' channels, which divide what takes long.
CHANNELS = 3
SPEAKER = Path(__file__).with_name("speaker")
LOCAL = {"outgoing": {"networks": ["127.0.0.0/8"]}}

#: How often a server dies for the channel whose turn it is with this commit, and for another; who writes meanwhile, and
#: what; seconds that a server lives, and for which somebody waits for an answer before they go on.
KILLS, FEW_KILLS = 20, tries(4, 20)
#: After so many seconds a busy machine has killed enough.
ENOUGH_S = tries(60, 3_600)
PHONES, LAST, WORDS, LIFE_S, ANSWER_S = 4, 8, ("你好", "进度", "路灯坏了", "0", "人工", "返回"), (0.05, 0.4), 3.0
#: Messages of a phone where there are many: a contact may write some more in a minute.
OF_A_PHONE = 100


class Provider(Protocol):
    """The provider's side of a channel."""

    #: By contact, the texts that were shown there, in order.
    phones: Mapping[str, list[str]]

    async def writes(self, phone: str, content: Content | str, key: str = "") -> None:
        """Somebody sends that; handed over again and again until it is taken."""


class Screens(Mapping[str, list[str]]):
    """What a sandbox's phones have shown of what we answered, by contact."""

    def __init__(self, sandbox: Any) -> None:
        self.sandbox, self.phones = sandbox, self

    def __getitem__(self, contact: str) -> list[str]:
        return [one.text for one in self.sandbox.phone(contact).seen if one.via == "reply"]

    def __iter__(self) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError


# -- every item ----------------------------------------------------------------------------------------------------


class ByPhone(Chatter):
    """A chatter whose words go through a provider, and who reads what is on the phone then."""

    def __init__(self, provider: Provider, door: Door, language: str, contact: str) -> None:
        super().__init__(door, language, contact)
        self._provider = provider

    async def send(self, content: Content | str, key: str = "") -> Reply:
        before = len(self._provider.phones[self.contact])
        await self._provider.writes(self.contact, content, key)
        await until(nothing_waits)
        text = "\n".join(self._provider.phones[self.contact][before:])
        assert text, f"{content!r} is answered with nothing"
        self.said += [f"> {content!r}"[:200], text]
        turn = await Turn.filter(conversation__contact=self.contact).order_by("-id").first()
        assert turn is not None
        return replace(Reply.of(turn.reply), text=text)


async def nothing_waits() -> bool:
    return not await Said.filter(state="waiting").exists()


@asynccontextmanager
async def sample_city(
    folder: Path, plugins: Mapping[str, Path | str], settings: Mapping[str, Any]
) -> AsyncIterator[Door]:
    """All departments with their registers, and those plugins."""
    names = sorted(one.parent.name for one in DEPARTMENTS.glob("*/items.toml"))
    whole = {name: DEPARTMENTS / name for name in names} | {
        "mobile_push": "mobile_push",
        "conversations": "conversations",
        **plugins,
    }
    async with open_door(folder, whole, settings=settings, platform=LOCAL) as door:
        await import_samples(door, *names)
        await make_ahead(door.platform)
        yield door


@asynccontextmanager
async def bureau(folder: Path, plugins: Mapping[str, Path | str], settings: Mapping[str, Any]) -> AsyncIterator[Door]:
    """One department, and those plugins."""
    whole = {"petitions": DEPARTMENTS / "petitions", "conversations": "conversations", **plugins}
    async with open_door(folder, whole, settings=settings, platform=LOCAL) as door:
        yield door


def turn_of(part: int) -> int:
    """A channel's turn with this commit: each has another one, and another with each commit."""
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return (int(told[:6] or "0", 16) + part) % CHANNELS


def share_of(door: Door, part: int) -> Sequence[Item]:
    """A channel's share of all items: the channels divide them, and each has another third with each commit."""
    every, turn = list(door.platform.registry.items.values()), turn_of(part)
    return every if tries(0, 1) else every[turn::CHANNELS]


async def talk_all(
    door: Door, provider: Provider, wanted: Sequence[Item], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """How each of these items ends on that channel; what is stored is what HTTP stores of the same answers."""
    monkeypatch.setattr(
        items, "Chatter", lambda door, language, contact="somebody": ByPhone(provider, door, language, contact)
    )
    people = City(door, "zh-CN")
    return {one.code: await items.talked(people, one, "zh-CN") for one in wanted}


def ends_of(wanted: Sequence[Item]) -> dict[str, str]:
    """How they have to end."""
    ended = {one.code: "answered" if one.kind == "query" else "case" for one in wanted}
    return ended | {code: end for code, end in items.LINKS.items() if code in ended}


# -- kills ---------------------------------------------------------------------------------------------------------


@dataclass
class Killed:
    """What was written and promised while servers died, by phone in its order."""

    config: Path
    port: int
    account: str
    provider: Provider
    #: Which of the channels it is.
    part: int
    #: So many messages, and kills all through them; 0 for what is written while servers die.
    messages: int = 0
    written: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    promised: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _phone(self, phone: str, session: aiohttp.ClientSession) -> None:
        """Somebody writes on and on, and after each second message something is said to them unasked."""
        number = 0
        while number < OF_A_PHONE if self.messages else not self.over.is_set() and number < 60:
            number += 1
            key = f"{phone}-{number}"
            before = len(self.provider.phones[phone])
            await self.provider.writes(phone, WORDS[number % len(WORDS)], key)
            self.written[phone].append(key)
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await until(lambda before=before: len(self.provider.phones[phone]) > before)
            if number % 2:
                text = f"通知{phone}第{number}条"
                while not await self._say(session, phone, text):  # noqa: ASYNC110 - a server is away for a while
                    await asyncio.sleep(0.05)
                self.promised[phone].append(text)

    async def _say(self, session: aiohttp.ClientSession, phone: str, text: str) -> bool:
        body = {"account": self.account, "contact": phone, "text": text}
        try:
            async with session.post(f"{self.url}/v1/speaker/said", json=body) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError):
            return False

    async def run(
        self,
        kill_beside: Callable[[], Awaitable[None]] | None = None,
        at_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Kill a server again and again while people write; then let one finish, and the provider tell it the rest."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            many = self.messages // OF_A_PHONE or PHONES
            phones = [asyncio.create_task(self._phone(f"1380000{number:04}", session)) for number in range(many)]
            begun = time.monotonic()
            for number in range(FEW_KILLS if turn_of(self.part) and not self.messages else KILLS):
                if time.monotonic() - begun > ENOUGH_S and number >= FEW_KILLS:
                    break
                async with server(self.config, self.port):
                    await until(partial(self._has_written, self.messages * (number + 1) // (KILLS + 1)), ENOUGH_S)
                    await asyncio.sleep(random.uniform(*LIFE_S))
                    if kill_beside is not None and number % 2:
                        await kill_beside()
            self.over.set()
            async with server(self.config, self.port):
                await asyncio.gather(*phones)
                await until(lambda: self._nothing_waits(session), ENOUGH_S)
                for number in range(LAST):  # what found no window is said with an answer, some of it with each
                    for phone, keys in self.written.items():
                        await self.provider.writes(phone, "你好", f"{phone}-last-{number}")
                        keys.append(f"{phone}-last-{number}")
                    await until(lambda: self._nothing_waits(session), WAIT_TIMEOUT_S)
                if at_end is not None:
                    await at_end()
                await asyncio.sleep(0.5)  # what comes twice would come now

    def _has_written(self, many: int) -> bool:
        return sum(map(len, self.written.values())) >= many

    async def _nothing_waits(self, session: aiohttp.ClientSession) -> bool:
        async with session.get(f"{self.url}/v1/speaker/waiting") as answer:
            return bool((await answer.json())["waiting"] == 0)

    async def judge(self, folder: Path, database: str, *, ends: str, knows_again: bool = True) -> int:
        """Nothing is lost, nothing came twice, all is in its order, and each row says so; how many turns were judged.

        Args:
            ends: The state in which what has arrived is.
            knows_again: Whether the provider knows a message again; of one that doesn't, what was on its way at a kill
                is `unknown`, and came once at most.
        """
        async with open_door(folder, {"conversations": "conversations"}, platform={"database": database}) as door:
            # As whoever leads does at its start: it finds receipts whose message was recorded just before a kill.
            await tidy(door.platform)
            unknown = again = late = 0
            for phone, keys in self.written.items():
                turns = await Turn.filter(conversation__contact=phone).order_by("id")
                assert [turn.key for turn in turns] == keys
                rows = await Said.filter(conversation__contact=phone).order_by("id")
                assert [one.words["text"] for one in rows if one.by == "officer"] == self.promised[phone]
                told = [turn.reply["text"] for turn in turns]
                shown = deque(self.provider.phones[phone])
                if any(one.by == "engine" for one in rows):
                    assert [one.words["text"] for one in rows if one.by == "engine"] == told
                else:  # answered where it came in, beside what is said unasked
                    assert [text for text in shown if not text.startswith("通知")] == told
                    shown = deque(text for text in shown if text.startswith("通知"))
                for row in rows:
                    again, late = again + (row.attempts > 1), late + (row.state == "late")
                    if row.state == "late":
                        assert [one for one in told if row.words["text"] in one]
                        continue
                    is_shown = bool(shown) and shown[0] == row.words["text"]
                    if is_shown:
                        shown.popleft()
                    unknown += row.state == "unknown"
                    assert row.state in (ends, "unknown"), row.state
                    assert is_shown or row.state == "unknown", (row.words, row.state)
                assert not shown
            assert not (unknown and knows_again)
        judged = sum(map(len, self.written.values()))
        print(f"{judged} messages, none lost or twice: {again} sent again, {unknown} unknown, {late} with a later one")
        return judged


def short_lease() -> None:
    """What a server that was killed had on its way is taken up at once, and not after a minute."""
    courier.LEASE_S = 2.0


@asynccontextmanager
async def server(config: Path, port: int, before: Callable[[], None] = short_lease) -> AsyncIterator[None]:
    """A server of its own, which is killed at the end; `before` is called in its process."""
    process = commands.begin(ROOT, "--config", config, "serve", "--port", str(port), before=before)
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), WAIT_TIMEOUT_S)
        yield
    finally:
        process.close()


def written_config(folder: Path, database: str, plugins: str, platform: str = "") -> Path:
    """A `plugins.toml` with one department, the conversations, whoever speaks unasked, and those plugins."""
    config = folder / "plugins.toml"
    config.write_text(
        f'[platform]\ndata = "{folder / "data"}"\ndatabase = "{database}"\nlog_level = "error"\n{platform}'
        '[platform.outgoing]\nnetworks = ["127.0.0.0/8"]\n'
        f'[plugins.petitions]\npath = "{DEPARTMENTS / "petitions"}"\napi = 1\n'
        '[plugins.conversations]\npackage = "conversations"\napi = 1\n'
        f'[plugins.speaker]\npath = "{SPEAKER}"\napi = 1\n{plugins}'
    )
    return config
