"""Keys that don't end by themselves, for standards that know no tokens, such as Open311's `api_key`.

A key allows what its client gave it and may still have. It is looked up with each request, so one that is revoked is
good for nothing from that moment on.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from banshi import Platform, Principal

from .models import ApiClient, ApiKey
from .tokens import digest_of, principal_of

#: What keys begin with, so that a leaked one is recognised wherever it lies.
PREFIX = "bak_"

#: How exactly it is noted when a key was last used: a write a minute, however often it is.
NOTED_EVERY = timedelta(minutes=1)


def new_key() -> str:
    """256 random bits, as all that is kept as a digest."""
    return PREFIX + secrets.token_urlsafe(32)


async def holder(platform: Platform, key: str) -> Principal | None:
    """Whose key it is; None for one that is not good, or not any more."""
    row = await ApiKey.get_or_none(digest=digest_of(key), revoked_at=None)
    client = await ApiClient.get_or_none(id=row.client, revoked_at=None) if row is not None else None
    if row is None or client is None:
        return None
    now = platform.now()
    if row.last_used_at is None or row.last_used_at + NOTED_EVERY <= now:
        await ApiKey.filter(digest=row.digest).update(last_used_at=now)
    return principal_of(client, row.scopes)
