"""Idempotency keys: a creating request that is sent twice is done once, and a key has one outcome.

The stored answer is written in the transaction that creates the thing, so there is no moment in which one exists
without the other. A refusal is written before it is answered, and whichever comes first stands: an attempt that still
waits, in whatever process, finds the row of its key taken. What decides nothing of the request, such as an outage, is
not stored: the same key may try again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson
from aiohttp import web
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from banshi.foundation.database.writes import Write
from banshi.foundation.encryption.fields import as_read
from banshi.foundation.errors import InvalidParameter, KeyReused, Problem, StillRunning
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

#: Refusals that decide nothing of a request: who asks isn't known, it did not come whole, or came too early.
UNDECIDED = frozenset({401, 408, 425, 429})

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
        self._held = ""

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
        self._held = self._id
        stored = await self.stored()
        if stored is None and self._counted is not None:
            await self._platform[CREATING](self._counted)
        return stored

    async def stored(self) -> web.Response | None:
        """The answer that is stored under this key, as it was given. Raises KeyReused."""
        while (row := await self._platform[STORED_ANSWERS].find(self._id)) is not None:
            if row["fingerprint"] == self._fingerprint:
                return _as_given(row)
            if row["status"] < 400:
                raise KeyReused()
            # What was refused has made nothing, and may come mended under the same key. What was refused stays so: the
            # mended one's place is beside it, and of several one has it.
            self._id = _hash(self._id.encode(), row["fingerprint"].encode())
        return None

    async def refused(self, problem: Problem, answer: Callable[[], web.Response]) -> web.StreamResponse | None:
        if not self._held or isinstance(problem, KeyReused) or problem.status in UNDECIDED:
            return None
        while (stored := await self.stored()) is None and 400 <= problem.status < 500:
            told = answer()
            headers = {str(name): text for name, text in told.headers.items()}
            with suppress(IntegrityError):
                await self._platform.store.commit(Write(rows=self._row(told.body, told.status, headers)))
                break
        return stored

    def receipt(self, document: Any, *, status: int = 201, headers: Mapping[str, str] | None = None) -> Sequence[Model]:
        return self._row(encode(document), status, dict(headers or {}))

    def _row(self, body: Any, status: int, headers: dict[str, str]) -> Sequence[Model]:
        row = IdempotencyKey(
            id=self._id,
            fingerprint=self._fingerprint,
            status=status,
            headers=headers,
            body=body.decode(),
            created_at=self._platform.now(),
            person=self._person,
        )
        return (row,)

    def end(self) -> None:
        if self._held:
            self._platform[RUNNING].discard(self._held)


def _as_given(row: Mapping[str, Any]) -> web.Response:
    stored = row["headers"]
    headers = {"Content-Type": JSON, **(orjson.loads(stored) if isinstance(stored, str) else stored)}
    body: str = as_read(IdempotencyKey, "body", row["body"])
    headers["Idempotency-Replayed"] = "true"
    return web.Response(body=body.encode(), status=row["status"], headers=headers)


def _hash(*parts: bytes) -> str:
    return hashlib.blake2b(b"\0".join(parts), digest_size=32).hexdigest()
