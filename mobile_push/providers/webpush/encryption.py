"""Encrypting a push for one browser (RFC 8291), and the thread in which that is done.

An encryption takes a tenth of a millisecond and holds the interpreter's lock, so threads don't make it quicker: they
keep it from the event loop. A hop to a thread and back costs as much as an encryption, so those that wait go together.
"""

from __future__ import annotations

import asyncio
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
        self._working: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; ConnectionError once the thread pool is closed."""
        if self._closed:
            raise ConnectionError("the provider is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if self._working is None:
            # Not at once: whatever else is ready in this turn of the loop goes along.
            self._working = asyncio.create_task(self._work())
        return await future

    def close(self) -> None:
        """Turn away whoever waits; what is on the bench is finished."""
        self._closed = True
        for _, future in self._waiting:
            if not future.done():
                future.set_exception(ConnectionError("the provider is closed"))
        self._waiting.clear()
        self._thread.shutdown(wait=False)

    async def _work(self) -> None:
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_WORK_AT_ONCE))]
            # Whoever asked may have left.
            group = [(work, future) for work, future in some if not future.done()]
            done = asyncio.get_running_loop().run_in_executor(self._thread, _outcomes, [work for work, _ in group])
            for (_, future), (result, error) in zip(group, await done, strict=True):
                if not future.done():
                    future.set_exception(error) if error else future.set_result(result)
        self._working = None


def _outcomes(group: list[Callable[[], Any]]) -> list[tuple[Any, Exception | None]]:
    return [_outcome(work) for work in group]


def _outcome(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return work(), None
    except Exception as error:  # whoever asked for the work gets it
        return None, error
