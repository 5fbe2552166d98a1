"""The access token of a vendor: fetched early, by one caller for all who wait, and never in a storm."""

from __future__ import annotations

import asyncio
import time

import structlog

from banshi.builtin.outgoing.consequences import Consequence, NoToken, Refused
from banshi.builtin.outgoing.shared_tokens import SharedTokens
from banshi.builtin.outgoing.token import FETCH_S, Fetch, Token

log = structlog.get_logger("banshi.outgoing")

#: Seconds for which a failure answers for everybody, and before a token's end from which the next one is fetched.
FAILURE_HOLDS_S, EARLY_S = 3.0, 240.0


class AccessToken:
    """A vendor's access token, as this process has it: early, once for all who wait, and another where it is refused.

    Args:
        name: Whose it is, such as `wechat:wx1234`.
        fetch: Asks the vendor.
        early_s: Seconds before its end from which the vendor gives out the next one.
        shared: For a vendor whose next token ends the last one: all processes have the same.
    """

    def __init__(
        self, name: str, fetch: Fetch, *, early_s: float = EARLY_S, shared: SharedTokens | None = None
    ) -> None:
        self._name, self._fetch, self._early_s, self._shared = name, fetch, early_s, shared
        self._value, self._renew_at, self._ends_at = "", 0.0, 0.0
        #: The one that the vendor has refused.
        self._refused = ""
        self._failure: NoToken | None = None
        self._task: asyncio.Task[None] | None = None
        #: It replaces one that was refused, and has not been accepted yet.
        self.suspect = False

    def current(self) -> str:
        """The token while there is a good one, and else ""; the next one is fetched beside it."""
        self._begin(FAILURE_HOLDS_S)
        return self._value if time.monotonic() < self._ends_at else ""

    def prepare(self) -> None:
        """Have one for what may be sent soon. That there is none now answers for nothing."""
        self._begin(0.0)

    async def value(self, timeout_s: float | None = None) -> str:
        """The token, after waiting for a fetch that is under way. Raises NoToken."""
        value = self.current()
        if not value and self._task is not None:
            # wait() leaves the task alone when its caller gives up: it fetches for everybody.
            await asyncio.wait({self._task}, timeout=timeout_s)
            value = self._value if time.monotonic() < self._ends_at else ""
        if not value:
            raise self._failure or NoToken("", Consequence.SOON)
        return value

    def refuse(self, value: str, code: str = "") -> None:
        """The vendor has refused that one: whoever asks next gets another, and all who wait with them the same."""
        if not value or value != self._value:
            return
        self._refused, self._value, self._renew_at, self._ends_at = value, "", 0.0, 0.0
        if self.suspect:
            # The fresh one as well: a third would be refused too.
            self._failure, self._renew_at = NoToken(code, Consequence.OURS), time.monotonic() + FAILURE_HOLDS_S
            log.error("a fresh access token is refused as well: check the account and its key", vendor=self._name)
        self.suspect = True

    def accepted(self, value: str) -> None:
        """The vendor took it: should it be refused later, another one is worth fetching."""
        if value == self._value:
            self.suspect = False

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def _begin(self, failure_holds_s: float) -> None:
        if time.monotonic() >= self._renew_at and self._task is None:
            self._task = asyncio.create_task(self._renew(failure_holds_s), name=f"token-{self._name}")

    async def _renew(self, failure_holds_s: float) -> None:
        before, self._failure = self._failure, None
        try:
            token = await self._next()
        except Exception as error:
            failure = self._failure = _no_token(error)
            self._renew_at = time.monotonic() + failure_holds_s
            if isinstance(error, Refused) and error.consequence is Consequence.TOKEN:
                # There is no other. Where it was refused by mistake, it is good after a moment.
                self._refused, self.suspect = "", False
            if before is None or before.code != failure.code:
                tell = log.error if failure.consequence is Consequence.OURS else log.warning
                told = {"vendor": self._name, "code": failure.code, "error": type(error).__name__}
                tell("no access token: what is to be sent waits", **told)
        else:
            self._value, self._ends_at = token.value, time.monotonic() + token.seconds
            self._renew_at = self._ends_at - token.early(self._early_s)
            if before is not None:
                log.info("there is an access token again", vendor=self._name)
        finally:
            self._task = None

    async def _next(self) -> Token:
        while True:
            refused = self._refused
            if self._shared is None:
                token = await self._asked(refused)
            else:
                token = await self._shared.token(self._name, self._asked, refused, self._early_s)
            if token.value != self._refused or refused == self._refused:
                return token
            # It was refused while it was asked for.

    async def _asked(self, refused: str) -> Token:
        async with asyncio.timeout(FETCH_S):
            return (await self._fetch(refused)).usable()


def _no_token(error: Exception) -> NoToken:
    """What the vendor says of us is ours, what it counts is counted, and all else is over soon: nothing was sent."""
    if not isinstance(error, Refused):
        return NoToken("", Consequence.SOON)
    lasting = error.consequence in (Consequence.OURS, Consequence.SPENT)
    return NoToken(error.code, error.consequence if lasting else Consequence.SOON, error.until)
