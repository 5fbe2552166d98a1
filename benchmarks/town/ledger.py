"""A provider that remembers whose message it took how often."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import orjson

from benchmarks.sending.provider import Provider
from benchmarks.town.report import Report

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
        #: How often each was taken without a word to the sender.
        self.unanswered: Counter[Key] = Counter()
        #: `time.monotonic()` of each that was taken.
        self.times: list[float] = []
        self._taken = asyncio.Event()

    def key_of(self, body: bytes) -> Key:
        message = orjson.loads(body)["message"]
        return message["data"]["message_id"], message["token"]

    def take(self, key: Key, *, is_silent: bool) -> None:
        super().take(key, is_silent=is_silent)
        self.unanswered[key] += is_silent
        self.times.append(time.monotonic())
        self._taken.set()

    async def until(self, count: int, seconds: float) -> None:
        """Wait until so many messages were taken. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.times) < count:
                self._taken.clear()
                await self._taken.wait()

    def next_after(self, moment: float) -> float:
        """Seconds from a moment to the next message; infinite where there was none."""
        return next((at for at in self.times if at > moment), float("inf")) - moment

    def silence(self, begun: float, ended: float) -> float:
        """The longest time without a message between two moments."""
        times = [begun, *(at for at in self.times if begun < at < ended), ended]
        return max(after - before for before, after in pairwise(times))

    def account(self, promised: set[Key]) -> Account:
        """What became of these messages."""
        took = self.seen.taken
        extra = {key: took[key] - 1 for key in promised if took[key] > 1}
        needless = sum(max(0, times - self.unanswered[key]) for key, times in extra.items())
        lost = sorted(promised - took.keys())
        return Account(len(promised), lost, sum(extra.values()), needless)


def count(report: Report, account: Account) -> None:
    """Nothing may be lost; what came twice is told."""
    report.lost += len(account.lost)
    report.duplicated += account.again
    report.say("messages promised; lost", f"{account.promised:,}; {len(account.lost)}")
    report.say("taken more than once, all of them", f"{account.again} ({account.again / account.promised:.2%})")
    report.say(
        "the same less those whose answer the provider held back", f"{account.again_without_need} ({account.share:.2%})"
    )
    report.promise(not account.lost, f"lost: {account.lost[:5]}")
