"""The access token that every request to FCM carries: one for all, fetched early, and its failures as receipts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from mobile_push.providers.provider import Outcome, Receipt

logger = logging.getLogger(__name__)

#: Seconds before an access token expires at which the next one is fetched, while the old one still works.
RENEWED_EARLY_S = 300.0
#: Seconds for which a failure of the token endpoint answers for every message, so that a dead one is not hammered.
FAILURE_HOLDS_S = 5.0
TOKEN_ENDPOINT = Receipt(Outcome.RETRY, "token-endpoint")


class Failed(Exception):
    """There is no answer, or no access token to send with; `receipt` says what that means for the message."""

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
        super().__init__(receipt.code)


class AccessToken:
    """The one bearer token of all requests: fetched in a thread, by one caller for all, and early."""

    def __init__(self, fetch: Callable[[], tuple[str, float]]) -> None:
        self._fetch = fetch
        self._value = ""
        self._expires = self._renew = 0.0
        self._task: asyncio.Task[None] | None = None
        self._failure = TOKEN_ENDPOINT
        #: The value replaces one that FCM refused, and FCM has not accepted it yet.
        self.suspect = False

    def current(self) -> str | None:
        """The Authorization header while there is a good one; renewal begins beside it."""
        now = time.monotonic()
        if now >= self._renew and self._task is None:
            self._failure = TOKEN_ENDPOINT
            self._task = asyncio.create_task(self._refresh(), name="fcm-token")
        return self._value if now < self._expires else None

    async def obtain(self) -> str:
        """The Authorization header, after waiting for a fetch that is under way; who asks limits for how long."""
        value = self.current()
        if value is None and self._task is not None:
            # wait() leaves the task alone when its caller gives up: it fetches for everybody.
            await asyncio.wait({self._task})
            value = self.current()
        if value is None:
            raise self.missing()
        return value

    def missing(self) -> Failed:
        """That there is none, and why."""
        return Failed(self._failure)

    def accepted(self, value: str) -> None:
        """FCM took `value`: should it be refused later, another one is worth fetching."""
        if value == self._value:
            self.suspect = False

    def refuse(self, value: str) -> None:
        """Stop using a value that FCM answered 401 to, unless another caller has already replaced it."""
        if value != self._value:
            return
        self._value, self._expires = "", 0.0
        if self.suspect:  # the fresh one as well: a third would be refused too
            logger.warning("FCM refuses a fresh access token as well: check the service account and its project")
            self._failure = Receipt(Outcome.MISCONFIGURED, "UNAUTHENTICATED")
            self._renew = time.monotonic() + FAILURE_HOLDS_S
        else:
            self._renew = 0.0
        self.suspect = True

    async def _refresh(self) -> None:
        try:
            value, lifetime = await asyncio.to_thread(self._fetch)
        except Exception as error:  # google-auth, requests and ssl raise their own; each means "no token now"
            self._failure = token_failure(error)
            self._renew = time.monotonic() + FAILURE_HOLDS_S
            logger.warning("no FCM access token (%s): %.300s", self._failure.code, error)
        else:
            now = time.monotonic()
            self._value, self._expires = f"Bearer {value}", now + lifetime
            self._renew = now + lifetime - min(RENEWED_EARLY_S, lifetime / 4)
        finally:
            self._task = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})


def token_failure(error: Exception) -> Receipt:
    """Tell a token endpoint that is out of order from one that refuses our key."""
    answer = error.args[1] if len(error.args) > 1 else None
    if isinstance(answer, Mapping) and "error" in answer and not getattr(error, "retryable", False):
        return Receipt(Outcome.MISCONFIGURED, "credentials")
    return TOKEN_ENDPOINT
