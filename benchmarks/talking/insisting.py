"""People whose provider delivers each message three times, and again until one delivery is answered."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from benchmarks.shared.servers import Server
from benchmarks.talking.script import messages

#: How often each message is delivered at least.
TIMES = 3
#: Conversations that go on at once.
AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Message:
    key: str
    contact: str
    text: str
    #: What its answer has in it.
    part: str


@dataclass
class Crowd:
    """Everybody who writes, and what they were answered."""

    session: aiohttp.ClientSession
    server: Server
    conversations: int
    chance: random.Random
    #: Set while the server is there.
    up: asyncio.Event = field(default_factory=asyncio.Event)
    #: What the deliveries of each message were answered, by its key.
    answers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    #: Deliveries so far, and those that were cut off.
    deliveries: int = 0
    cut: int = 0
    #: Messages with a delivery under way, and how many of it.
    under_way: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: Whose last delivery is to come after the next start.
    late: list[Message] = field(default_factory=list)
    #: Whether the deliveries of the next message ask the server to die between turn and reply.
    dies: bool = False
    wrong: list[str] = field(default_factory=list)

    @property
    def contacts(self) -> Sequence[str]:
        return [f"c{number}" for number in range(self.conversations)]

    async def live(self) -> None:
        """Let all of them write, so many at a time."""
        left = iter(self.contacts)

        async def some() -> None:
            for contact in left:
                await self._talk(contact)

        await asyncio.gather(*(some() for _ in range(min(AT_ONCE, self.conversations))))
        await self.deliver_late()

    async def deliver_late(self) -> None:
        """The last deliveries that were kept for later."""
        late, self.late = self.late, []
        for start in range(0, len(late), AT_ONCE):
            await asyncio.gather(*(self._delivered(one) for one in late[start : start + AT_ONCE]))

    async def _talk(self, contact: str) -> None:
        for number, (text, part) in enumerate(messages(contact)):
            message = Message(f"{contact}/{number}", contact, text, part)
            await self._written(message)
            if number == 0:
                while await self._posted("/v1/benchmark/people", {"contact": contact}) is None:
                    await self.up.wait()

    async def _written(self, message: Message) -> None:
        """Up to three deliveries at once, and again until one is answered; the rest later."""
        at_once = self.chance.choice((1, TIMES - 1, TIMES))
        dies, self.dies = self.dies, False
        tried = await asyncio.gather(*(self._deliver(message, dies=dies) for _ in range(at_once)))
        count = len(tried)
        while not any(tried):
            tried, count = [await self._deliver(message)], count + 1
        # At least one of them after it was answered.
        for _ in range(max(1, TIMES - count)):
            if self.chance.random() < 0.5:
                self.late.append(message)
            else:
                await self._delivered(message)

    async def _delivered(self, message: Message) -> None:
        while not await self._deliver(message):
            pass

    async def _deliver(self, message: Message, *, dies: bool = False) -> bool:
        """One delivery; False where it wasn't answered."""
        body = {"key": message.key, "contact": message.contact, "text": message.text, "dies": dies}
        await self.up.wait()
        self.under_way[message.key] += 1
        self.deliveries += 1
        said = await self._posted("/v1/benchmark/messages", body)
        if said is None:
            self.cut += 1
            return False
        self.under_way[message.key] -= 1
        self.answers[message.key].append(said)
        if message.part not in said:
            self.wrong.append(f"{message.key} is answered {said!r}")
        return True

    async def _posted(self, path: str, body: object) -> str | None:
        """What is answered; None where nothing is, as the server was killed."""
        await self.up.wait()
        try:
            async with self.session.post(self.server.url + path, json=body) as answer:
                if answer.status == 200:
                    return str((await answer.json())["text"])
                self.wrong.append(f"{path} answers {answer.status}: {(await answer.text())[:200]}")
        except (aiohttp.ClientError, ConnectionError):
            # Told before the one who kills it knows.
            await asyncio.sleep(0.05)
        return None
