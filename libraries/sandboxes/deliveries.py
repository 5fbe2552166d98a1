"""What a provider sends to the account's server: again until that answers, as often as the provider does."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

import aiohttp

from sandboxes.faults import Count, Faults

M = TypeVar("M")

MAX_ANSWER_BYTES = 1 << 20


@dataclass(slots=True)
class DeliveryFaults(Faults):
    """Those of a provider that calls the account's server."""

    #: So many answers of the account's server are lost on their way: the message is repeated.
    lose_answers: Count = 0
    #: Repeats wait until another message has been sent, the newest first.
    late_repeats: bool = False


class Repeats(Protocol):
    """What of them is about deliveries."""

    lose_answers: int
    late_repeats: bool


class Delivery(NamedTuple):
    """One request to the account's server."""

    key: str
    attempt: int
    #: HTTP's; 0 is none.
    status: int
    seconds: float
    #: shown, nothing (an answer that says no more), bad, lost, late or unreachable.
    outcome: str


class Deliveries(ABC, Generic[M]):
    """The account's server at `to`, as the provider calls it."""

    def __init__(self, to: str, faults: Repeats) -> None:
        self.to, self._faults = to, faults
        self.deliveries: deque[Delivery] = deque(maxlen=100_000)
        self._late: list[M] = []

    async def __aenter__(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=connector)

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    # -- the provider's own ----------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def patience(self) -> tuple[float, int]:
        """Seconds that the server has for an answer, and how often a message is sent in all."""

    @abstractmethod
    def key(self, message: M) -> str:
        """The same for each repeat of a message."""

    @abstractmethod
    def request(self, message: M) -> tuple[Mapping[str, str], bytes]:
        """The query and the body, signed anew for each attempt."""

    @abstractmethod
    def show(self, message: M, answer: bytes) -> bool:
        """Put the answer on the phone; False for one that says nothing. Raises ValueError for what can't be shown."""

    @abstractmethod
    def no_service(self, message: M) -> None:
        """Tell whoever wrote that the server gave no answer, or none that can be shown."""

    # -- what is the same for all ----------------------------------------------------------------------------------

    async def post(self, query: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The server's status and body."""
        timeout, headers = aiohttp.ClientTimeout(total=self.patience[0]), {"Content-Type": "text/xml"}
        async with self.session.post(
            self.to, params=query, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as response:
            return response.status, await response.content.read(MAX_ANSWER_BYTES)

    async def deliver(self, message: M, first: int = 1) -> None:
        """Send a message until the server answers, and show what it says."""
        for attempt in range(first, self.patience[1] + 1):
            if await self._attempt(message, attempt):
                break
            if self._faults.late_repeats and attempt == 1:
                await self.send_late()
                self._late.append(message)
                return
        else:
            self.no_service(message)
        if first == 1:
            await self.send_late()

    async def send_late(self) -> None:
        """Send the repeats that have waited, the newest first."""
        late, self._late = self._late, []
        for message in reversed(late):
            await self.deliver(message, first=2)

    async def _attempt(self, message: M, attempt: int) -> bool:
        """Whether it needs no repeat."""
        began, status, outcome = time.monotonic(), 0, "unreachable"
        try:
            status, answer = await self.post(*self.request(message))
            # Nothing says what providers make of other statuses; they are repeated as silence is.
            outcome = "shown" if status == 200 else "unreachable"
        except TimeoutError:
            outcome = "late"
        except (aiohttp.ClientError, OSError):
            pass
        if outcome == "shown" and self._faults.lose_answers:
            self._faults.lose_answers -= 1
            outcome = "lost"
        if outcome == "shown":
            try:
                outcome = "shown" if self.show(message, answer) else "nothing"
            except ValueError:
                outcome = "bad"
                self.no_service(message)
        self.deliveries.append(Delivery(self.key(message), attempt, status, time.monotonic() - began, outcome))
        return outcome in ("shown", "nothing", "bad")
