"""Tokens that all processes share: for a vendor whose next token ends the last one, or that counts who asks.

Each is a row, sealed. Who takes its lease asks the vendor; all others wait for what it writes, or use the one that is
still good meanwhile. Whoever dies with the lease holds the others up for its rest at most.
"""

from __future__ import annotations

import asyncio

from tortoise.exceptions import IntegrityError

from banshi.builtin.outgoing.models import SharedToken
from banshi.builtin.outgoing.token import FETCH_S, Fetch, Token
from banshi.foundation.encryption.secrets import SEAL
from banshi.kernel.runtime.running import Platform

#: Seconds of a lease, somewhat more than the vendor has, and between two looks at what somebody else fetches.
LEASE_S, LOOK_S = FETCH_S + 5.0, 0.1


class SharedTokens:
    """Access tokens that all processes of a database share."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def token(self, name: str, fetch: Fetch, refused: str, early_s: float) -> Token:
        """The one that is there, or the next where it is refused or nearly over. Raises Refused.

        Args:
            name: Whose it is.
            fetch: Asks the vendor, once for all processes, and takes no longer than `FETCH_S`.
            refused: One that the vendor has refused, "" for none.
            early_s: Seconds before its end from which the next one is fetched, at most.
        """
        while True:
            row, now = await self._row(name), await self._platform.store.milliseconds()
            good = self._good(row, now, refused)
            if good is not None and row.renew_at > now:
                return good
            lease = now + int(LEASE_S * 1000)
            # It has to be as it was seen: somebody else may have just renewed it.
            free = SharedToken.filter(name=name, renew_at=row.renew_at, lease_until__lte=now)
            if await free.update(lease_until=lease):
                return await self._fetched(row, lease, fetch, refused, early_s)
            if good is not None:
                return good
            # Until the row is there, or its lease is over: whoever fails gives it back, and then it is our turn.
            await asyncio.sleep(LOOK_S)

    async def _row(self, name: str) -> SharedToken:
        if (row := await SharedToken.get_or_none(name=name)) is None:
            row = SharedToken(name=name, sealed="", renew_at=0, ends_at=0, lease_until=0)
            try:
                await row.save(force_create=True)
            except IntegrityError:  # somebody else's was first
                row = await SharedToken.get(name=name)
        return row

    def _good(self, row: SharedToken, now: int, refused: str) -> Token | None:
        """What a row holds, where it can be used."""
        if row.ends_at <= now:
            return None
        try:
            value = self._platform[SEAL].opened(row.sealed)
        except ValueError:  # the key was replaced, and with it the token
            return None
        return Token(value, (row.ends_at - now) / 1000) if value != refused else None

    async def _fetched(self, row: SharedToken, lease: int, fetch: Fetch, refused: str, early_s: float) -> Token:
        """Ask the vendor within the lease, and write down what it says."""
        ours = SharedToken.filter(name=row.name, lease_until=lease)
        try:
            token = await fetch(refused)
        except Exception:
            await ours.update(lease_until=0)
            raise
        now, sealed = await self._platform.store.milliseconds(), self._platform[SEAL].sealed(token.value)
        ends_at = now + int(token.seconds * 1000)
        renew_at = ends_at - int(token.early(early_s) * 1000)
        await ours.update(sealed=sealed, renew_at=renew_at, ends_at=ends_at, lease_until=0)
        return token
