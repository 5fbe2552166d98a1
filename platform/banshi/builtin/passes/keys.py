"""The keys that sign passes: a published set with overlapping rotation, from which one can be revoked alone.

The public halves and their dates are in SQL, where every process reads them; the private halves are files in the keys
folder, which only machines that issue passes need. A new key is published before it signs, so that an offline verifier
that updates daily knows it before it meets it.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from banshi.builtin.passes import holder
from banshi.builtin.passes.models import SigningKey
from banshi.builtin.sentences import say
from banshi.foundation.errors import NotFound, Unavailable
from banshi.foundation.files.secret_files import write_private
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform

log = structlog.get_logger("banshi.passes")

#: Why nothing is signed: by nobody, or not on this machine.
NO_KEY = say("Passes can't be issued at present; the operator has to give the platform a key to sign with.")
NOT_HERE = say("Passes can't be issued at present; the operator has to give this machine its key.")

#: Seconds for which a process trusts what it has read of the key table: a rotation or revocation takes that long.
FRESH_S = 15.0


class Keyring:
    """The signing keys as this process knows them."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._rows: list[SigningKey] = []
        self._public: dict[bytes, ec.EllipticCurvePublicKey] = {}
        self._private: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    async def rows(self) -> list[SigningKey]:
        """All keys, the oldest first."""
        async with self._lock:
            if time.monotonic() - self._read_at > FRESH_S:
                self._rows = await SigningKey.all().order_by("created_at")
                self._public = {bytes.fromhex(r.kid): _public(r.public_pem) for r in self._rows if not r.revoked_at}
                self._read_at = time.monotonic()
            return self._rows

    def forget(self) -> None:
        """Read the table anew at the next use."""
        self._read_at = float("-inf")

    async def public(self) -> Mapping[bytes, ec.EllipticCurvePublicKey]:
        """The keys by which a pass may be verified: all but the revoked ones."""
        await self.rows()
        return self._public

    async def signer(self) -> tuple[SigningKey, ec.EllipticCurvePrivateKey]:
        """The key that signs now: the newest whose time has come."""
        now = self._platform.now()
        usable = [
            row
            for row in await self.rows()
            if not row.revoked_at and row.signs_from <= now and (row.retired_at is None or row.retired_at > now)
        ]
        if not usable:
            log.error("no key signs passes", advice="run `banshi keys rotate --now`")
            raise Unavailable(NO_KEY)
        newest = max(usable, key=lambda row: row.signs_from)
        if newest.kid not in self._private:
            self._private[newest.kid] = self._load(newest)
        return newest, self._private[newest.kid]

    def _load(self, row: SigningKey) -> ec.EllipticCurvePrivateKey:
        file = key_file(self._platform.settings.keys_folder, row.kid)
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), password=None)
            # What another key signs, nobody could verify.
            if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != _public(row.public_pem):
                raise ValueError("another key")
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            log.error("a signing key can't be read", kid=row.kid, error=type(error).__name__)
            raise Unavailable(NOT_HERE) from None
        return key


KEYRING: Key[Keyring] = Key("keyring")


@asynccontextmanager
async def open_keyring(platform: Platform) -> AsyncIterator[Keyring]:
    """The keyring; on the very first start it gets its first key."""
    ring = Keyring(platform)
    if not await ring.rows():
        await add_key(platform.settings.keys_folder, platform.now(), platform.now())
        ring.forget()
    yield ring


async def add_key(folder: Path, now: datetime, signs_from: datetime) -> SigningKey:
    """Make a key pair: the private half as a file, the public half as a row."""
    private = ec.generate_private_key(ec.SECP256R1())
    whole = PublicFormat.SubjectPublicKeyInfo
    kid = hashlib.sha256(private.public_key().public_bytes(Encoding.DER, whole)).hexdigest()[:8]
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    await asyncio.to_thread(write_private, key_file(folder, kid), pem)
    public = private.public_key().public_bytes(Encoding.PEM, whole)
    return await SigningKey.create(kid=kid, public_pem=public.decode(), created_at=now, signs_from=signs_from)


async def rotate(folder: Path, now: datetime, lead: timedelta) -> SigningKey:
    """Publish a new key that takes over after `lead`; until then the present ones sign."""
    key = await add_key(folder, now, now + lead)
    await SigningKey.filter(retired_at=None, revoked_at=None).exclude(kid=key.kid).update(retired_at=now + lead)
    return key


async def revoke(folder: Path, kid: str, now: datetime) -> None:
    """Declare a key lost: nothing that it signed is valid any more, and its private half is deleted."""
    if not await SigningKey.filter(kid=kid, revoked_at=None).update(revoked_at=now):
        raise NotFound(say("There is no key {kid} that isn't revoked; `banshi keys` lists them.", kid=kid))
    await asyncio.to_thread(key_file(folder, kid).unlink, missing_ok=True)


def key_file(folder: Path, kid: str) -> Path:
    return folder / f"pass-{kid}.pem"


def jwk(row: SigningKey) -> dict[str, Any]:
    """A key as JWK (RFC 7517), with the dates of its life."""
    return {
        **holder.as_jwk(holder.point_of(_public(row.public_pem))),
        "alg": "ES256",
        "use": "sig",
        "kid": row.kid,
        "signs_from": row.signs_from.isoformat(),
        "retired_at": row.retired_at.isoformat() if row.retired_at else None,
    }


def _public(pem: str) -> ec.EllipticCurvePublicKey:
    key = serialization.load_pem_public_key(pem.encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101 - only P-256 keys are ever stored
    return key
