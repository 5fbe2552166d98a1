"""Encrypting a push for one browser (RFC 8291), and the thread in which that is done.

An encryption takes a tenth of a millisecond and holds the interpreter's lock, so threads don't make it quicker: they
keep it from the event loop. A hop to a thread and back costs as much as an encryption, so those that wait go together.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mobile_push.providers.webpush.subscriptions import Subscription

T = TypeVar("T")

#: Bytes of a message that every push service takes (RFC 8030 section 7.2), and what is left of them for the text:
#: 86 go to the header, 16 to the authentication tag and 1 to the padding's delimiter (RFC 8291 section 4).
RECORD_BYTES = 4096
MAX_PLAINTEXT_BYTES = RECORD_BYTES - 86 - 16 - 1
#: Pieces of work that go to the thread at once: two milliseconds of encryption, after which others have their turn.
MAX_WORK_AT_ONCE = 16


def encrypt(text: bytes, to: Subscription, *, private_key: Any = None, salt: bytes | None = None) -> bytes:
    """The body of the request: header and one record. `private_key` and `salt` are made anew unless a test gives them.

    Raises:
        ValueError: the text has more than MAX_PLAINTEXT_BYTES bytes, or none.
    """
    if not 1 <= len(text) <= MAX_PLAINTEXT_BYTES:
        raise ValueError(f"the text has {len(text)} bytes; 1 to {MAX_PLAINTEXT_BYTES} fit into one message")
    own, salt = private_key or generate_private_key(SECP256R1()), salt or os.urandom(16)
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = own.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), to.p256dh))
    # RFC 8291 section 3.4: HKDF with one block of output is two HMACs.
    keys = hmac.digest(to.auth, secret, "sha256")
    keys = hmac.digest(keys, b"WebPush: info\0" + to.p256dh + point + b"\x01", "sha256")
    keys = hmac.digest(salt, keys, "sha256")
    content = hmac.digest(keys, b"Content-Encoding: aes128gcm\0\x01", "sha256")[:16]
    nonce = hmac.digest(keys, b"Content-Encoding: nonce\0\x01", "sha256")[:12]
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(point)]) + point
    return head + AESGCM(content).encrypt(nonce, text + b"\x02", None)


class Bench:
    """One thread, beside the event loop, on which short pieces of work are done in the order in which they came."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="webpush-encryption")
        self._waiting: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._busy = self._closed = False

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; ConnectionError once the bench is closed."""
        if self._closed:
            raise ConnectionError("the provider is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((work, future))
        if not self._busy:
            self._busy = True
            # Not at once: whatever else is ready in this turn of the loop goes along.
            loop.call_soon(self._take_up, loop)
        return await future

    def close(self) -> None:
        """Turn away whoever waits; what is on the bench is finished."""
        self._closed = True
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(ConnectionError("the provider is closed"))
        self._waiting.clear()
        self._thread.shutdown(wait=False)

    def _take_up(self, loop: asyncio.AbstractEventLoop) -> None:
        group: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        while self._waiting and len(group) < MAX_WORK_AT_ONCE:
            work, future = self._waiting.popleft()
            if not future.done():  # whoever asked has left
                group.append((work, future))
        self._busy = bool(group)
        if group:
            self._thread.submit(self._do, loop, group)

    def _do(self, loop: asyncio.AbstractEventLoop, group: list[tuple[Callable[[], Any], asyncio.Future[Any]]]) -> None:
        done = [(future, *_outcome(work)) for work, future in group]
        with contextlib.suppress(RuntimeError):  # the loop has ended, and everybody with it
            loop.call_soon_threadsafe(self._hand_over, loop, done)

    def _hand_over(
        self, loop: asyncio.AbstractEventLoop, done: list[tuple[asyncio.Future[Any], Any, Exception | None]]
    ) -> None:
        for future, result, error in done:
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        self._take_up(loop)


def _outcome(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return work(), None
    except Exception as error:  # whoever asked for the work gets it
        return None, error
