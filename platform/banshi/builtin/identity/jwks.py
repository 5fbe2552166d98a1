"""The public keys that bearer tokens are checked against: the identity provider's, or this machine's own."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import structlog

from banshi.builtin.identity.development import DevelopmentKeys
from banshi.builtin.sentences import say
from banshi.foundation.errors import Unavailable
from banshi.foundation.logs import refusal_of
from banshi.kernel.loading.outside_systems import Identity

if TYPE_CHECKING:
    import aiohttp

log = structlog.get_logger("banshi.token_keys")

#: Key types that sign tokens; whatever else an issuer publishes is left aside.
KEY_TYPES = {"RSA", "EC", "OKP"}
#: Bits of an RSA key at least (RFC 7518 section 3.3).
MIN_RSA_BITS = 2048

#: Seconds between two fetches of the keys that an unknown key id may cause, and while there are no keys at all.
REFETCH_S = 10.0
FIRST_REFETCH_S = 1.0

#: Bytes of the issuer's documents that are read at most.
MAX_DOCUMENT_BYTES = 1_048_576


class IssuerKeys:
    """The issuer's public keys, fetched anew every `keys_ttl` and when an unknown key id turns up.

    Whoever waits for a fetch shares it, and nobody waits while there are keys that may do. Where the issuer doesn't
    answer, they go on until `keys_max_age`.
    """

    def __init__(self, identity: Identity, session: aiohttp.ClientSession) -> None:
        #: Counts the sets of keys that there have been.
        self.generation = 0
        self._identity = identity
        self._session = session
        self._document: Any = None
        self._keys: Any = None
        #: When the issuer last gave them, and when it was last asked.
        self._given = self._tried = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def get(self) -> Any:
        """A key or key set for joserfc. Raises Unavailable."""
        if self._keys is None:
            await self._refresh(FIRST_REFETCH_S)
        if self._keys is None:
            told = say("Signing in can't be checked at present; try again in a moment.")
            raise Unavailable(told, headers={"Retry-After": "5"})
        return self._keys

    async def newer(self, than: Any) -> Any | None:
        """The keys that have come since `than`, asking for them if that may bring any; None where there are none."""
        await self._refresh(REFETCH_S)
        return self._keys if self._keys is not than else None

    async def keep_fresh(self) -> None:
        """Fetch the keys again and again, so that what the issuer withdraws is known within `ttl`; until cancelled."""
        while True:
            await self._refresh(0.0)
            pause = REFETCH_S if self._keys is None else min(self._identity.keys_ttl, self._left())
            await asyncio.sleep(max(pause, FIRST_REFETCH_S))

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _refresh(self, pause: float) -> None:
        """Wait for the fetch that is under way, or for a new one if the last began more than `pause` seconds ago."""
        if self._fetching is None or self._fetching.done():
            if time.monotonic() - self._tried < pause:
                return
            self._tried = time.monotonic()
            self._fetching = asyncio.create_task(self._fetch(), name="banshi-issuer-keys")
        # Shielded: a caller that leaves must not end the fetch of those who wait with it.
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            uri = self._identity.jwks_uri or await self._discovered()
            document = await self._json(uri)
            if document != self._document:
                self._keys, self._document = _key_set(document), document
                self.generation += 1
            self._given = time.monotonic()
        except Exception as error:  # the keys that there are go on for a while; without any, every caller is told so
            log.error("the identity provider's keys can't be fetched", **refusal_of(error))
            if self._keys is not None and self._left() <= 0:
                log.error("the identity provider's keys are too old to go on", keys_max_age=self._identity.keys_max_age)
                self._keys = self._document = None
                self.generation += 1

    def _left(self) -> float:
        """Seconds that the keys may still go on without their issuer."""
        return self._given + self._identity.keys_max_age - time.monotonic()

    async def _discovered(self) -> str:
        issuer = self._identity.issuer
        document = await self._json(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if document["issuer"] != issuer:
            raise ValueError("the configuration is another issuer's (OpenID Connect Discovery, section 4.3)")
        uri = str(document["jwks_uri"])
        self._identity.refuse_plain(uri)
        return uri

    async def _json(self, address: str) -> Any:
        from banshi.builtin.outgoing.caller import bounded

        # A redirect would let whoever answers it choose the keys.
        async with self._session.get(address, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"the answer is {response.status}")
            return json.loads(await bounded(response, MAX_DOCUMENT_BYTES))


def _key_set(document: Any) -> Any:
    """The public keys of a JWK set that tokens may be signed with; keys that we can't read are left aside.

    A set without any is the issuer's word too: it has withdrawn what it had.
    """
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, KeySet, RSAKey

    if not isinstance(document["keys"], list):
        raise ValueError("the issuer's keys are no list")
    keys = []
    for one in document["keys"]:
        try:
            if one.get("kty") in KEY_TYPES and one.get("use", "sig") == "sig":
                key = JWKRegistry.import_key(one)
                if not isinstance(key, RSAKey) or key.raw_value.key_size >= MIN_RSA_BITS:
                    keys.append(key)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError):
            continue
    if not keys:
        log.error("the identity provider publishes no key that signs tokens, so nobody gets in")
    return KeySet(keys)


Keys = IssuerKeys | DevelopmentKeys
