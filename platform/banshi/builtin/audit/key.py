"""The key of the audit: it marks entries and signs seals.

It is a file in the keys folder, made at the first start, which all machines of a deployment share. Whoever may write to
the database and has no copy of it can neither make up an entry unseen, nor let one leave that is sealed, nor have the
platform delete or blank what isn't due by the case's own entries.

Of a case's row mode, state, version and what `marks.ROW` names are held against its entries. Not covered: a case that
goes with all of its entries before these are sealed; one that is blanked from its `least` on though nobody asked; the
other columns; and what comes without a mark in the day after the first seal.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from banshi.foundation.files.secret_files import write_private
from banshi.kernel.loading.settings import AUDIT_KEY_FILE


class AuditKey:
    """What marks and signs. Two keys of one secret, so that neither says anything of the other."""

    def __init__(self, secret: bytes) -> None:
        marks = hmac.digest(secret, b"banshi audit marks", "sha256")
        #: The mark of a text.
        self.digest: Callable[[bytes], bytes] = partial(hmac.digest, marks, digest="sha256")
        self._signer = Ed25519PrivateKey.from_private_bytes(hmac.digest(secret, b"banshi audit seals", "sha256"))
        public = self._signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        #: The public half, with which anybody can check a seal's signature, and what it is called.
        self.public = public.hex()
        self.kid = hashlib.sha256(public).hexdigest()[:16]

    def sign(self, text: bytes) -> bytes:
        return self._signer.sign(text)

    def has_signed(self, text: bytes, signature: bytes) -> bool:
        try:
            self._signer.public_key().verify(signature, text)
        except InvalidSignature:
            return False
        return True


def audit_key(folder: Path) -> AuditKey:
    """The key of that folder, made on first use. Raises OSError where the file holds none."""
    file = folder / AUDIT_KEY_FILE
    if not file.exists():
        write_private(file, os.urandom(32).hex().encode())
    return read_key(folder)


def read_key(folder: Path) -> AuditKey:
    """The key of that folder. Raises OSError where there is none."""
    file = folder / AUDIT_KEY_FILE
    try:
        secret = bytes.fromhex(file.read_text("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise OSError(None, "it is no key of the audit; restore it from a backup of the keys folder", str(file))
    return AuditKey(secret)
