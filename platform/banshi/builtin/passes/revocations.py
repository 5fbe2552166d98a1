"""The status list that is served: signed anew as soon as this process revokes or issues something."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from banshi.builtin.passes.keys import KEYRING
from banshi.builtin.passes.ledger import NUMBERS
from banshi.builtin.passes.models import Counter
from banshi.builtin.passes.status import StatusList
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.passes import Pass

#: Seconds for which a status list is served before it is made anew, and for which a verifier may rely on it.
STATUS_FRESH_S = 15.0
STATUS_TTL_S = 60
STATUS_LIFETIME_S = 86_400


class Revocations:
    """The signed status list, made at most every few seconds."""

    def __init__(self) -> None:
        self._token = ""  # nosec B105 - not fetched yet
        self._made_at = float("-inf")
        self._making = asyncio.Lock()

    def forget(self) -> None:
        self._made_at = float("-inf")

    async def token(self, platform: Platform, subject: str) -> str:
        """The list as a Status List Token (IETF Token Status List) with `subject` as its address.

        Raises Unavailable where there is no key to sign with.
        """
        # Whoever asks while it is being made waits for it.
        async with self._making:
            if time.monotonic() - self._made_at > STATUS_FRESH_S:
                # Noted before reading: what is revoked meanwhile makes this list stale again.
                self._made_at = time.monotonic()
                try:
                    self._token = await self._made(platform, subject)
                except BaseException:
                    self.forget()
                    raise
            return self._token

    async def _made(self, platform: Platform, subject: str) -> str:
        revoked: Any = await Pass.filter(revoked_at__isnull=False).values_list("number", flat=True)
        # Read after the passes: a number that is revoked was taken before.
        counter = await Counter.get_or_none(name=NUMBERS)
        key, private = await platform[KEYRING].signer()
        size = (counter.value if counter else 0) + 1
        now = int(platform.now().timestamp())

        def sign() -> str:
            made, ends = StatusList((int(number) for number in revoked), size=size), now + STATUS_LIFETIME_S
            times = {"issued_at": now, "expires_at": ends, "ttl": STATUS_TTL_S}
            return made.signed(key=private, kid=key.kid, subject=subject, **times)

        # Packing a million entries takes 70 ms, which the loop does not have.
        return await asyncio.to_thread(sign)


REVOCATIONS: Key[Revocations] = Key("revocations")


@asynccontextmanager
async def open_revocations(platform: Platform) -> AsyncIterator[Revocations]:
    """The status list of this process, made anew as soon as this process revokes or issues something."""
    revocations = Revocations()
    platform.store.on_rows(Pass, revocations.forget)
    yield revocations
