"""Access tokens: given out, looked up with each request, and taken back.

They are random and say nothing: whose they are stands in the database, so that all processes know them, and know when
one was taken back, within `REMEMBERED_S` seconds.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from banshi import Key, Platform, Principal, TooManyRequests, Update, Write
from banshi.sdk.http import Client
from banshi.sdk.operations import led, working

from .models import AccessToken, ApiClient, ApiKey, ClientSecret

#: What tokens begin with, so that a leaked one is recognised wherever it lies.
PREFIX = "bat_"

#: Seconds for which a token is good.
TOKEN_LIFE_S = 3600

#: Live tokens of one client at most. A program takes one an hour and process; more is a program that never keeps its.
MAX_TOKENS = 500

#: Seconds for which a token that was found good is not looked up again, and how many are remembered.
REMEMBERED_S, MAX_REMEMBERED = 5.0, 10_000

#: Seconds between two rounds that clear away what has ended, and days for which an ended secret or key is still listed.
TIDY_EVERY_S, LISTED_DAYS = 3600.0, 30


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(slots=True)
class Tokens:
    """The tokens of one server."""

    platform: Platform
    _remembered: OrderedDict[str, tuple[Principal, float]] = field(default_factory=OrderedDict)

    async def give(self, client: ApiClient, secret: str, scopes: list[str]) -> str:
        """A new token. Raises TooManyRequests where the client holds too many."""
        now = self.platform.now()
        live = AccessToken.filter(client=client.id, expires_at__gt=now)
        if await live.count() >= MAX_TOKENS:
            first = await live.order_by("expires_at").first()
            wait = int((first.expires_at - now).total_seconds()) + 1 if first else TOKEN_LIFE_S
            advice = "keep one until it ends, or revoke those that you need no more."
            told = f"The client holds {MAX_TOKENS} tokens; {advice}"
            raise TooManyRequests(told, headers={"Retry-After": str(wait)})
        token = PREFIX + secrets.token_urlsafe(32)
        ends = now + timedelta(seconds=TOKEN_LIFE_S)
        row = AccessToken(digest=digest_of(token), client=client.id, scopes=scopes, issued_at=now, expires_at=ends)
        # The client's row guards the rest: a client that is revoked in this moment gets nothing.
        live_client = Update(ApiClient, {"id": client.id, "revoked_at__isnull": True}, {"name": client.name})
        used = Update(ClientSecret, {"digest": digest_of(secret)}, {"last_used_at": now})
        await self.platform.store.commit(Write(updates=[live_client, used], rows=[row]))
        return token

    async def holder(self, token: str) -> Principal | None:
        """Whose token it is; None for one that is not good, or not any more."""
        digest, now = digest_of(token), self.platform.now()
        known = self._remembered.get(digest)
        if known is not None and known[1] > time.monotonic() and known[0].expires_at > now.timestamp():
            return known[0]
        self._remembered.pop(digest, None)
        row = await AccessToken.get_or_none(digest=digest, expires_at__gt=now)
        client = await ApiClient.get_or_none(id=row.client, revoked_at=None) if row is not None else None
        if row is None or client is None:
            return None
        principal = principal_of(client, row.scopes, row.expires_at)
        self._remembered[digest] = principal, time.monotonic() + REMEMBERED_S
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
        return principal

    async def take_back(self, client: ApiClient, token: str) -> None:
        """Let a token of the client's end; one that isn't the client's, or is none, is left as it is."""
        digest = digest_of(token)
        if await AccessToken.filter(digest=digest, client=client.id).delete():
            self._remembered.pop(digest, None)

    async def tidy(self) -> None:
        """Clear away the tokens that have ended, and the secrets and keys that ended long ago."""
        now = self.platform.now()
        await AccessToken.filter(expires_at__lte=now).delete()
        await ClientSecret.filter(expires_at__lte=now - timedelta(days=LISTED_DAYS)).delete()
        await ApiKey.filter(revoked_at__lte=now - timedelta(days=LISTED_DAYS)).delete()


def principal_of(client: ApiClient, scopes: list[str], ends: datetime | None = None) -> Principal:
    """The client as whoever calls. What the client may no more, no older token or key allows."""
    allowed = frozenset(scope for scope in scopes if client.may_have(scope))
    return Principal(
        subject=f"client:{client.id}",
        name=client.name,
        expires_at=int(ends.timestamp()) if ends else 0,
        client=Client(client.id, client.name, client.mode, allowed, frozenset(client.team or ())),  # type: ignore[arg-type]
    )


TOKENS: Key[Tokens] = Key("clients.tokens")


@asynccontextmanager
async def open_tokens(platform: Platform) -> AsyncIterator[Tokens]:
    tokens = Tokens(platform)
    tidying = partial(led, platform, TIDY_EVERY_S, tokens.tidy, "could not clear away tokens that have ended")
    async with working("clients-tokens", tidying):
        yield tokens


async def holder(platform: Platform, token: str) -> Principal | None:
    return await platform[TOKENS].holder(token)


async def client_of(_: Platform, name: str) -> Client | None:
    """The client of that id with all that it may do; None for one that is not, or was revoked."""
    one = await ApiClient.get_or_none(id=name, revoked_at=None)
    return Client(one.id, one.name, one.mode, frozenset(one.scopes)) if one else None  # type: ignore[arg-type]
