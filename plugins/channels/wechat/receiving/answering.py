"""A message from WeChat to its reply: within the time that WeChat gives, or kept and answered afterwards."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from prometheus_client import Counter
from tortoise.exceptions import DBConnectionError, OperationalError

from banshi import Key, Platform, Problem, text_in
from banshi.sdk.operations import every, place_of, working
from conversations import CONVERSATIONS, Received, Reply
from wechat.accounts import ACCOUNTS, OpenAccount
from wechat.receiving.kept import Kept, KeptMessage
from wechat.sentences import say
from wechat.wire import messages, xml

log = structlog.get_logger("wechat.answering")

#: The last part of the answer's time, in which a message can still be kept, also on a disk that is busy.
KEEPING_SHARE = 0.25

#: Seconds between two tries while the database is away: the first pause, and the longest.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0

#: Faults of our own in a row after which a message isn't tried any more, and how long an outage may last.
MAX_FAULTS, LONGEST_OUTAGE = 3, timedelta(hours=2)

#: Seconds between two looks for messages that another process has left behind, and how old those are at least.
LOOK_S, LEFT_BEHIND_S = 30.0, 60.0


class Answering:
    """Takes what the accounts of this process receive."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._kept = platform, Kept(platform)
        self._following: dict[Path, asyncio.Task[None]] = {}
        self._counted = Counter(
            "banshi_wechat_messages", "Messages by what became of them", ["outcome"], registry=platform.metrics
        )

    async def answered(
        self, name: str, account: OpenAccount, received: Received, body: bytes, seconds: float
    ) -> str | None:
        """What they read now; "" where that follows later, or there is nothing; None where WeChat has to send it again.

        Args:
            name: The account's, in the settings.
            body: The message, as it is kept.
            seconds: Until the answer has to be there.
        """
        work = asyncio.create_task(self._taken(account, received))
        try:
            await asyncio.wait({work}, timeout=seconds * (1 - KEEPING_SHARE))
        except asyncio.CancelledError:
            # WeChat has hung up, and sends it again.
            work.cancel()
            raise
        if work.done():
            self._counted.labels("answered").inc()
            return work.result()
        kept = await self._kept.keep(name, body)
        self._counted.labels("kept" if kept else "sent-back").inc()
        if kept is None:
            work.cancel()
            return None
        if work.done():
            await self._kept.drop(kept)
            return work.result()
        self._follow(kept, account, received, work)
        return ""

    # -- now -----------------------------------------------------------------------------------------------------

    async def _taken(self, account: OpenAccount, received: Received) -> str:
        """What is answered to a message, however long that takes: what doesn't fit into one text is promised."""
        begun, faults, pause = self._platform.now(), 0, FIRST_PAUSE_S
        while faults < MAX_FAULTS and self._platform.now() - begun < LONGEST_OUTAGE:
            try:
                reply = await self._platform[CONVERSATIONS].take(account, received)
                first, *rest = messages.pieces(reply.text)
                for number, piece in enumerate(rest, start=2):
                    await self._promise(account, received, piece, f"part-{number}")
                return first
            except (Problem, OperationalError, DBConnectionError, OSError) as error:
                log.warning("a message waits", error=type(error).__name__)
            except Exception as error:
                faults += 1
                log.error("a message can't be dealt with", error=type(error).__name__, where=place_of(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)
        self._counted.labels("given-up").inc()
        return text_in(say("Something went wrong here, and this was not dealt with. Please send it again."), "zh-CN")

    # -- later ---------------------------------------------------------------------------------------------------

    def _follow(self, kept: KeptMessage, account: OpenAccount, received: Received, work: asyncio.Task[str]) -> None:
        task = asyncio.create_task(self._finish(kept, account, received, work))
        self._following[kept.file] = task
        task.add_done_callback(lambda _: self._following.pop(kept.file, None))

    async def _finish(
        self, kept: KeptMessage, account: OpenAccount, received: Received, work: asyncio.Task[str]
    ) -> None:
        try:
            text = await work
            while text:
                try:
                    await self._promise(account, received, text, "late")
                    break
                except Exception as error:
                    log.warning("a late answer waits", error=type(error).__name__)
                await asyncio.sleep(LONGEST_PAUSE_S)
            await self._kept.drop(kept)
        finally:
            work.cancel()

    async def _promise(self, account: OpenAccount, received: Received, text: str, sort: str) -> None:
        """Have that said by itself, once: in a window, or before whatever is said next."""
        conversations = self._platform[CONVERSATIONS]
        conversation = await conversations.find(account.name, received.contact)
        if conversation is not None:
            whole = "\0".join((account.name, received.contact, received.key, sort))
            key = f"wechat-{hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()}"
            await conversations.say(conversation, Reply(text=text), by="engine", key=key)

    async def look(self) -> None:
        """Take up what another process of this machine has left behind, or this one before it was started anew."""
        accounts = self._platform[ACCOUNTS]
        for one in await self._kept.left_behind(LEFT_BEHIND_S):
            account = accounts.get(one.account)
            if account is None or one.file in self._following:
                continue
            try:
                received = account.received(messages.read(one.body))
            except xml.Unreadable:
                received = None
            if received is None:
                await self._kept.drop(one)
                continue
            self._follow(one, account, received, asyncio.create_task(self._taken(account, received)))

    async def close(self) -> None:
        """What is under way is taken up by whoever comes next."""
        for task in (tasks := list(self._following.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


ANSWERING: Key[Answering] = Key("wechat's answers")


@asynccontextmanager
async def open_answering(platform: Platform) -> AsyncIterator[Answering]:
    """Takes messages, and looks after those that were kept."""
    answering = Answering(platform)

    async def looking() -> None:
        await every(LOOK_S, answering.look, "messages that were kept can't be taken up")

    async with working("wechat-kept", looking):
        try:
            yield answering
        finally:
            await answering.close()
