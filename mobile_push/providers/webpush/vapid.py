"""Who sends (RFC 8292, VAPID): the platform's key, and a signed token for each push service."""

from __future__ import annotations

import base64
import os
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

from mobile_push.providers import keys

#: Seconds for which a token is good, and before its end at which the next is made. A push service takes 24 hours at
#: most, and Apple's takes no new one more often than every 20 minutes.
TOKEN_GOOD_FOR_S = 12 * 3600
RENEWED_EARLY_S = 3600
#: Push services whose tokens are kept.
MAX_TOKENS_KEPT = 1024

ADVICE = "write one with `banshi webpush-key`"


def read_key(file: Path) -> Any:
    """The private key in a PEM file. Raises ValueError, which names the file and says what to do."""
    return keys.read_key(file, "private_key_file", ADVICE)


def write_key(file: Path) -> Any:
    """Make a private key and write it where there is no file, readable by this user alone.

    Raises:
        FileExistsError: there is one; it is left alone.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # noqa: PTH123 - its mode
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return key


def public_key(key: Any) -> str:
    """The public half as a browser's `applicationServerKey` wants it: an uncompressed point in base64url."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


class Vapid:
    """The Authorization header for each push service, kept until shortly before it ends.

    `current` and `forget` belong to the event loop; `sign` to a thread.
    """

    def __init__(self, key: Any, contact: str) -> None:
        from py_vapid import Vapid02

        self._signer = Vapid02(private_key=key)
        self._contact = contact
        #: Origin → header, and Unix seconds at which the next is made.
        self._headers: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def current(self, origin: str) -> str | None:
        """The header for a push service, where a good one is kept."""
        header, renew = self._headers.get(origin, ("", 0.0))
        # A clock that was set back leaves a token that ends too far ahead: push services refuse more than 24 hours.
        return header if renew - TOKEN_GOOD_FOR_S + RENEWED_EARLY_S <= time.time() < renew else None

    def sign(self, origin: str) -> str:
        """A new header for a push service."""
        now = int(time.time())
        claims = {"aud": origin, "exp": now + TOKEN_GOOD_FOR_S, "sub": self._contact}
        header: str = self._signer.sign(claims)["Authorization"]
        self._headers[origin] = (header, now + TOKEN_GOOD_FOR_S - RENEWED_EARLY_S)
        while len(self._headers) > MAX_TOKENS_KEPT:
            self._headers.popitem(last=False)
        return header

    def forget(self, origin: str) -> None:
        """Make the next header anew: the push service has refused this one."""
        self._headers.pop(origin, None)
