"""Whether writes can be made now, for whoever asks again and again and has to have an answer in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from banshi.foundation.errors import Unavailable
from banshi.foundation.sentences import say

#: Seconds that the database has to answer.
ANSWER_TIMEOUT_S = 2.0

STAND_STILL = (
    "No write got through in {seconds:g} s. Does the database answer, is its synchronous standby there, has somebody "
    "locked a table? See `Writes stand still` in the manual."
)

SOON = {"Retry-After": "5"}


class Readiness:
    """Asks the database whether it takes writes, once for all who ask at the same time."""

    def __init__(self, takes_writes: Callable[[], Awaitable[bool]]) -> None:
        self._takes_writes = takes_writes
        self._look: asyncio.Future[bool] | None = None

    async def require(self) -> None:
        """Raise Unavailable, within `ANSWER_TIMEOUT_S`, where nothing can be written."""
        look = self._look
        if look is None:
            look = self._look = asyncio.ensure_future(self._takes_writes())
            look.add_done_callback(self._over)
        # Not asyncio.timeout: a connection to a server that hangs takes as long to be given back. What it says then is
        # the answer to whoever asks in that moment.
        done, _ = await asyncio.wait([look], timeout=ANSWER_TIMEOUT_S)
        if not done:
            raise Unavailable(say(STAND_STILL, seconds=ANSWER_TIMEOUT_S), headers=SOON)
        try:
            writes = look.result()
        except Exception:  # whatever keeps the database from answering keeps this process from serving
            raise Unavailable(headers=SOON) from None
        if not writes:
            raise Unavailable(headers=SOON)

    def _over(self, look: asyncio.Future[bool]) -> None:
        self._look = None
        if not look.cancelled():
            look.exception()  # nobody may be waiting any more
