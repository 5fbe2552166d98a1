"""Scans that only the platform can read: each page has a key pair, of whose private half it keeps what is sealed here.

So a phone that is lost tells nothing of whom its officer has met, and no key of ours has to be kept anywhere.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import timedelta
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from banshi import Platform
from banshi.sdk.outgoing import SEAL
from banshi.sdk.sign_in import opened, sealed

PURPOSE, INFO = "offline-scans", b"banshi scan"
#: For so long a page may be used that was opened once: longer than the API takes scans of.
LIFE = timedelta(days=90)
CURVE, NONCE = ec.SECP256R1(), bytes(12)


class Box(NamedTuple):
    """What a page seals with, and what it sends along: the other half, which it can't open."""

    public: str
    private: str


def new_box(platform: Platform, officer: str) -> Box:
    """A pair for one page of that officer's."""
    key, until = ec.generate_private_key(CURVE), (platform.now() + LIFE).timestamp()
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    number = f"{key.private_numbers().private_value:x}"
    return Box(b64encode(point).decode(), sealed(platform[SEAL], PURPOSE, until, officer=officer, key=number))


def unsealed(platform: Platform, officer: str, private: str, text: str) -> Any:
    """What a page of that officer's has sealed. Raises ValueError for another's, and for what is none."""
    kept = opened(platform[SEAL], PURPOSE, private, platform.now().timestamp())
    if kept.get("officer") != officer:
        raise ValueError("this was sealed for another officer, or too long ago")
    point, closed = (b64decode(part, validate=True) for part in text.split(".", 1))
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    shared = ec.derive_private_key(int(kept["key"], 16), CURVE).exchange(ec.ECDH(), theirs)
    key = HKDF(hashes.SHA256(), 32, salt=point, info=INFO).derive(shared)
    try:
        return orjson.loads(AESGCM(key).decrypt(NONCE, closed, None))
    except InvalidTag:
        raise ValueError("this was not sealed with that key") from None
