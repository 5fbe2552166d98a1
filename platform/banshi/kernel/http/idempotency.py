"""Idempotency keys: a creating request that is sent twice is done once.

The stored answer is written in the transaction that creates the thing, so there is no moment in which one exists
without the other. What failed is not stored: the same key may try again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from aiohttp import web
from tortoise.models import Model

from banshi.foundation.encryption.fields import as_read
from banshi.foundation.errors import InvalidParameter, KeyReused, StillRunning
from banshi.foundation.keys import Key
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.routes import Receipts
from banshi.kernel.http.callers import CREATING
from banshi.kernel.http.responses import JSON, encode
from banshi.kernel.runtime.running import Platform
from banshi.kernel.sentences import say
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.look_ups import LookUps

HEADER = "Idempotency-Key"
MAX_KEY_CHARS = 128
VISIBLE = re.compile(r"[!-~]+")

#: Hashes of the keys whose requests run in this process.
RUNNING: Key[set[str]] = Key("idempotency keys in use")
STORED_ANSWERS: Key[LookUps] = Key("stored answers to idempotency keys")
SQL = "SELECT id, fingerprint, status, headers, body FROM banshi_idempotency_key WHERE id IN ({listed})"


class IdempotentRequest(Receipts):
    """The Idempotency-Key of one request."""

    def __init__(self, platform: Platform, caller: Principal | None, key: str, *, counted: bool) -> None:
        if not (0 < len(key) <= MAX_KEY_CHARS and VISIBLE.fullmatch(key)):
            told = say("{header} has 1 to {most} ASCII characters without spaces.", header=HEADER, most=MAX_KEY_CHARS)
            raise InvalidParameter(told, parameter=HEADER)
        self._platform = platform
        self._person = subject = caller.subject if caller else ""
        self._counted = caller if counted else None
        # NUL can't be part of a subject or a header, so no two pairs share a hash.
        self._id = _hash(subject.encode(), key.encode())
        self._fingerprint = ""
        self._held = False

    async def begin(self, *request: bytes) -> web.Response | None:
        """The stored answer to this key, if the same request was answered before.

        `request` is what makes a request the same: method, path, body. Raises KeyReused, StillRunning, and
        TooManyRequests where it is a new one and too many came: what is answered anew counts once.
        """
        self._fingerprint = _hash(*request)
        running = self._platform[RUNNING]
        if self._id in running:
            raise StillRunning(headers={"Retry-After": "1"})
        running.add(self._id)
        self._held = True
        stored = await self.stored()
        if stored is None and self._counted is not None:
            await self._platform[CREATING](self._counted)
        return stored

    async def stored(self) -> web.Response | None:
        """The answer that is stored under this key, as it was given. Raises KeyReused."""
        row = await self._platform[STORED_ANSWERS].find(self._id)
        if row is None:
            return None
        if row["fingerprint"] != self._fingerprint:
            raise KeyReused()
        stored = row["headers"]
        headers = {**(orjson.loads(stored) if isinstance(stored, str) else stored), "Idempotency-Replayed": "true"}
        body: str = as_read(IdempotencyKey, "body", row["body"])
        return web.Response(body=body.encode(), status=row["status"], content_type=JSON, headers=headers)

    def receipt(self, document: Any, *, status: int = 201, headers: Mapping[str, str] | None = None) -> Sequence[Model]:
        row = IdempotencyKey(
            id=self._id,
            fingerprint=self._fingerprint,
            status=status,
            headers=dict(headers or {}),
            body=encode(document).decode(),
            created_at=self._platform.now(),
            person=self._person,
        )
        return (row,)

    def end(self) -> None:
        if self._held:
            self._platform[RUNNING].discard(self._id)


def _hash(*parts: bytes) -> str:
    return hashlib.blake2b(b"\0".join(parts), digest_size=32).hexdigest()
