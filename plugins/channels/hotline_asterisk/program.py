"""Listens to Asterisk, and hands over what it tells: as long as it runs, whatever breaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson
import structlog

from banshi.sdk.outgoing import Retry, key_of, signed
from hotline_asterisk.calls import Calls
from hotline_asterisk.journal import Journal

log = structlog.get_logger("hotline.asterisk")

#: The pauses between two tries to hand over; by the first, a connection that broke is looked for again.
RETRY = Retry(1.0, 30.0)

#: Seconds without a sign of life after which a connection counts as broken, and that one call may take.
HEARTBEAT_S, CALL_S = 20.0, 10.0

#: Events that are handed over at once: the hotline takes them in any order.
MAX_AT_ONCE = 16

#: Taken; not signed for now, says its answer; and never taken, whoever sends it again.
TAKEN, UNSIGNED, WRONG = 204, 401, (400, 413, 422)


@dataclass(kw_only=True)
class Program:
    """One switch's; what `__main__` is given. Raises ValueError for a secret that is none."""

    session: aiohttp.ClientSession
    journal: Journal
    asterisk: str
    user: str
    password: str = field(repr=False)
    application: str
    lines: Sequence[str]
    name: str
    platform: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        key_of(self.secret)
        self._calls = Calls(self.name, self.lines, self.journal.callers)
        self._new = asyncio.Event()
        self._headers = {"Authorization": aiohttp.encode_basic_auth(self.user, self.password)}

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._hand_over())

    # -- Asterisk ------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        # All channels, so that the dialplan needs no change.
        query = {"app": self.application, "subscribeAll": "true"}
        while True:
            try:
                async with self.session.ws_connect(
                    f"{self.asterisk}/ari/events", params=query, headers=self._headers, heartbeat=HEARTBEAT_S
                ) as events:
                    # Listening first, so that nothing happens unseen between the two.
                    channels, bridges = await self._there("channels"), await self._there("bridges")
                    for event in self._calls.unheard(channels, bridges, datetime.now(UTC)):
                        self._take(event)
                    log.info("listening to Asterisk", channels=len(channels))
                    async for message in events:
                        self._take(orjson.loads(message.data))
            except (aiohttp.ClientError, OSError, TimeoutError, KeyError, TypeError, ValueError) as error:
                log.error("Asterisk can't be heard", error=type(error).__name__)
            await asyncio.sleep(RETRY.first_s)

    async def _there(self, what: str) -> Any:
        timeout = aiohttp.ClientTimeout(total=CALL_S)
        async with self.session.get(f"{self.asterisk}/ari/{what}", headers=self._headers, timeout=timeout) as answer:
            answer.raise_for_status()
            return await answer.json()

    def _take(self, event: Any) -> None:
        try:
            if event["type"] == "ApplicationReplaced":
                log.error("another program listens by the same name", application=self.application)
            told = self._calls.take(event)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            log.error("an event can't be read", error=type(error).__name__)
            return
        if told:
            self.journal.keep(told, self._calls.callers)
            self._new.set()

    # -- the hotline ---------------------------------------------------------------------------------------------

    async def _hand_over(self) -> None:
        failures = 0
        while True:
            self._new.clear()
            due = self.journal.due(MAX_AT_ONCE)
            taken = await asyncio.gather(*(self._sent(number, body.encode()) for number, body in due))
            self.journal.done(number for (number, _), done in zip(due, taken, strict=True) if done)
            failures = 0 if all(taken) else failures + 1
            if failures:
                await asyncio.sleep(RETRY.pause(failures))
            elif not due:
                await self._new.wait()

    async def _sent(self, number: int, body: bytes) -> bool:
        """Whether an event needs to be sent no more."""
        url, status, why = f"{self.platform}/v1/hotline/events", 0, ""
        proof = signed([self.secret], f"{self.name}-{number}", int(time.time()), body)
        headers = {"Content-Type": "application/json", **proof}
        timeout = aiohttp.ClientTimeout(total=CALL_S)
        with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError):
            async with self.session.post(url, data=body, headers=headers, timeout=timeout) as answer:
                status = answer.status
                why = orjson.loads(await answer.read())["why"] if status == UNSIGNED else ""
        if status != TAKEN:
            # `wrong-time`: this machine's clock, or the platform's, is wrong.
            log.error("the hotline doesn't take an event", status=status, why=why)
        return status == TAKEN or status in WRONG
