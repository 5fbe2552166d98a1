"""The access token of an account: stable_token, which all processes share at WeChat itself.

Asked for again it is the same while it is good, so each process asks for itself and none ends another's. Only where
WeChat refuses one that it still gives out is another one forced, by one process for all: there are 20 a day, half a
minute apart.

Source: developers.weixin.qq.com, "获取稳定版接口调用凭据".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from wechat.api.codes import Consequence, Refused

log = structlog.get_logger("wechat.token")

#: Seconds before its end from which WeChat gives the next one while both are good, and for which a failure stands.
EARLY_S, FAILURE_HOLDS_S = 240.0, 3.0

#: Asks WeChat: whether to force another one; gives it and its seconds. Raises Refused.
Fetch = Callable[[bool], Awaitable[tuple[str, float]]]


class AccessToken:
    """One process's copy.

    Args:
        fetch: Asks WeChat.
        may_force: Spends one of the account's forced refreshes; False where another process has just done so, or none
            is left.
    """

    def __init__(self, fetch: Fetch, may_force: Callable[[], Awaitable[bool]]) -> None:
        self._fetch, self._may_force = fetch, may_force
        self._value, self._until = "", 0.0
        #: One that WeChat has refused.
        self._refused = ""
        self._lock = asyncio.Lock()
        self._failure: Refused | None = None
        self._failed_at = 0.0

    async def value(self) -> str:
        """The token. Raises Refused, and for a moment again without asking."""
        if time.monotonic() < self._until:
            return self._value
        async with self._lock:
            if time.monotonic() < self._until:
                return self._value
            if self._failure and time.monotonic() - self._failed_at < FAILURE_HOLDS_S:
                raise self._failure
            try:
                await self._renew()
            except Refused as error:
                self._failure, self._failed_at = error, time.monotonic()
                log.warning("no access token", code=error.code)
                raise
            self._failure = None
            return self._value

    def refuse(self, value: str) -> None:
        """WeChat has refused that one: whoever asks next gets another, and all who wait with them the same."""
        if value == self._value:
            self._refused, self._until = value, 0.0

    async def _renew(self) -> None:
        value, seconds = await self._fetch(False)
        if value == self._refused:
            # The very one that it refused. Where another process forces, the new one is there in a moment.
            if not await self._may_force():
                raise Refused(40001, Consequence.SOON)
            log.warning("another access token is forced: WeChat refuses the one that it gives out")
            value, seconds = await self._fetch(True)
        self._value, self._until = value, time.monotonic() + max(seconds - EARLY_S, min(seconds, 30.0))
