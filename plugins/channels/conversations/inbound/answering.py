"""A message to its reply: within the time that the provider gives, or kept and answered afterwards, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from weakref import WeakValueDictionary

import structlog
from prometheus_client import Counter
from tortoise.exceptions import DBConnectionError, OperationalError

from banshi import Key, Platform, Problem, text_in
from banshi.sdk.operations import every, place_of, working
from banshi.sdk.outgoing import Retry
from conversations.contents import Account, Joined, Left, Received, Reply
from conversations.engine.turns import CONVERSATIONS
from conversations.inbound.kept import Kept, KeptMessage
from conversations.outbound.sender import OUTLETS, channel_of, outlet_of, pieces
from conversations.sentences import say

log = structlog.get_logger("banshi.conversations")

#: The last part of the answer's time, in which a message can still be kept, also on a disk that is busy.
KEEPING_SHARE = 0.25

#: The pauses between two tries while the database is away.
RETRY = Retry(0.2, 10.0)

#: Faults of our own in a row after which a message isn't tried any more, and how long an outage may last.
MAX_FAULTS, LONGEST_OUTAGE = 3, timedelta(hours=2)

#: Seconds between two looks for messages that another process has left behind.
LOOK_S = 30.0

#: Seconds after which a message is left behind that bears no process's name: the version before keeps them so.
LEFT_BEHIND_S = 60.0

OVERTAKEN = "We did not get to your message of {time}, and nothing was done. Please send it again."


class Answering:
    """Takes what the channels of this process receive."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._inlets = {one.channel: one.inlet for _, one in platform.registry.offered(OUTLETS) if one.inlet}
        self._kept = {channel: Kept(platform, channel) for channel in self._inlets}
        self._following: dict[Path, asyncio.Task[None]] = {}
        #: By account and contact: what somebody writes is dealt with in its order, and waits for what waits.
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        told = "Messages by what became of them"
        self._counted = Counter("banshi_channel_messages", told, ["channel", "outcome"], registry=platform.metrics)

    async def answered(
        self, name: str, account: Account, received: Received, body: bytes, seconds: float
    ) -> str | None:
        """What they read now; "" where that follows later, or there is nothing; None where it has to be sent again.

        Args:
            name: What the channel's `Inlet.read` finds the account by.
            body: The message, as it is kept.
            seconds: Until the answer has to be there.
        """
        work = asyncio.create_task(self._taken(account, received))
        try:
            await asyncio.wait({work}, timeout=seconds * (1 - KEEPING_SHARE))
        except asyncio.CancelledError:
            # The provider has hung up, and sends it again.
            work.cancel()
            raise
        if work.done():
            self._count(account, "answered")
            return work.result()
        folder = self._kept[channel_of(account.name)]
        kept = await folder.keep(name, body)
        self._count(account, "kept" if kept else "sent-back")
        if kept is None:
            work.cancel()
            return None
        if work.done():
            await folder.drop(kept)
            return work.result()
        self._follow(kept, account, received, work)
        return ""

    def _count(self, account: Account, outcome: str) -> None:
        self._counted.labels(channel_of(account.name), outcome).inc()

    # -- now -----------------------------------------------------------------------------------------------------

    async def _taken(self, account: Account, received: Received, *, is_late: bool = False) -> str:
        """What is answered to a message, once what they wrote before is dealt with.

        Args:
            is_late: Later ones may have been dealt with by another process meanwhile.
        """
        async with self._turns.setdefault((account.name, received.contact), asyncio.Lock()):
            begun, faults, failures = self._platform.now(), 0, 0
            while faults < MAX_FAULTS and self._platform.now() - begun < LONGEST_OUTAGE:
                try:
                    if is_late and await self._platform[CONVERSATIONS].overtaken(account, received):
                        return self._overtaken(account, received)
                    return await self._answered(account, received)
                except (Problem, OperationalError, DBConnectionError, OSError) as error:
                    log.warning("a message waits", error=type(error).__name__)
                except Exception as error:
                    faults += 1
                    log.error("a message can't be dealt with", error=type(error).__name__, where=place_of(error))
                is_late, failures = True, failures + 1
                await asyncio.sleep(RETRY.pause(failures))
        self._count(account, "given-up")
        return text_in(say("Something went wrong here, and this was not dealt with. Please send it again."), "zh-CN")

    async def _answered(self, account: Account, received: Received) -> str:
        """The answer of its turn: what doesn't fit into one text is promised."""
        conversations = self._platform[CONVERSATIONS]
        reply = await conversations.take(account, received)
        first, *rest = pieces(reply.text, outlet_of(self._platform, account.name))
        for number, piece in enumerate(rest, start=2):
            await conversations.answer_later(account, received, Reply(text=piece), f"part-{number}")
        return first

    def _overtaken(self, account: Account, received: Received) -> str:
        """An old "1" or "yes" would be an answer to a newer question: it moves nothing, and they are told so."""
        self._count(account, "overtaken")
        if isinstance(received.content, Joined | Left):
            return ""
        at = received.at.astimezone(self._platform.settings.timezone)
        return text_in(say(OVERTAKEN, time=f"{at:%H:%M}"), "zh-CN")

    # -- later ---------------------------------------------------------------------------------------------------

    def _follow(self, kept: KeptMessage, account: Account, received: Received, work: asyncio.Task[str]) -> None:
        task = asyncio.create_task(self._finish(kept, account, received, work))
        self._following[kept.file] = task
        task.add_done_callback(lambda _: self._following.pop(kept.file, None))

    async def _finish(self, kept: KeptMessage, account: Account, received: Received, work: asyncio.Task[str]) -> None:
        try:
            text = await work
            while text:
                try:
                    await self._platform[CONVERSATIONS].answer_later(account, received, Reply(text=text), "late")
                    break
                except Exception as error:
                    log.warning("a late answer waits", error=type(error).__name__)
                await asyncio.sleep(RETRY.most_s)
            await self._kept[channel_of(account.name)].drop(kept)
        finally:
            work.cancel()

    async def look(self) -> None:
        """Take up what a process of this machine that has ended left behind, in the order in which it was written."""
        found = list[tuple[KeptMessage, Account, Received]]()
        for channel, folder in self._kept.items():
            for one in await folder.left_behind(LEFT_BEHIND_S):
                if one.file in self._following:
                    continue
                try:
                    told = self._inlets[channel](self._platform, one.account, one.body)
                except Exception as error:
                    # Where no process here runs that account, it is left for one that does.
                    if not isinstance(error, LookupError):
                        log.error("a message that was kept can't be read", file=one.file.name, where=place_of(error))
                    continue
                if told is None:
                    await folder.drop(one)
                else:
                    found.append((one, *told))
        for one, account, received in sorted(found, key=lambda each: each[2].at):
            self._follow(one, account, received, asyncio.create_task(self._taken(account, received, is_late=True)))

    async def close(self) -> None:
        """What is under way is taken up by whoever comes next."""
        for task in (tasks := list(self._following.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for folder in self._kept.values():
            await folder.close()


ANSWERING: Key[Answering] = Key("conversations' answers")


@asynccontextmanager
async def open_answering(platform: Platform) -> AsyncIterator[Answering]:
    """Takes messages, and looks after those that were kept."""
    answering = Answering(platform)

    async def looking() -> None:
        await every(LOOK_S, answering.look, "messages that were kept can't be taken up")

    async with working("conversations-kept", looking):
        try:
            yield answering
        finally:
            await answering.close()
