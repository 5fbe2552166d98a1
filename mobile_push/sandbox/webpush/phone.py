"""A phone that has subscribed to the sandbox: its keys, and how it opens what it gets.

Written from RFC 8188 and RFC 8291 alone, so that it shares no mistake with the library that the provider encrypts with.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: The header of aes128gcm: salt, record size, length of the key id, and the key id, which is the sender's public key.
SALT, SIZE, POINT = 16, 4, 65
HEADER = SALT + SIZE + 1 + POINT
TAG = 16


class Derived(NamedTuple):
    """The values of RFC 8291 section 3.4 in the order in which they are derived."""

    ecdh_secret: bytes
    prk_key: bytes
    key_info: bytes
    ikm: bytes
    prk: bytes
    cek: bytes
    nonce: bytes


def derived(private_key: ec.EllipticCurvePrivateKey, sender: bytes, auth: bytes, salt: bytes) -> Derived:
    """The keys of a message as its receiver derives them; `sender` is the sender's public key as a point.

    Raises ValueError where it is none.
    """
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
    ecdh_secret = private_key.exchange(ec.ECDH(), public)
    prk_key = _sha256(auth, ecdh_secret)
    key_info = b"WebPush: info\0" + point(private_key) + sender
    ikm = _sha256(prk_key, key_info + b"\x01")
    prk = _sha256(salt, ikm)
    cek = _sha256(prk, b"Content-Encoding: aes128gcm\0\x01")[:16]
    nonce = _sha256(prk, b"Content-Encoding: nonce\0\x01")[:12]
    return Derived(ecdh_secret, prk_key, key_info, ikm, prk, cek, nonce)


def opened(private_key: ec.EllipticCurvePrivateKey, auth: bytes, body: bytes) -> bytes:
    """The text of a message: one record, as RFC 8291 section 4 wants it.

    Raises ValueError where the message can't be opened; the text says at which step.
    """
    if len(body) < HEADER + TAG + 1:
        raise ValueError("the body is shorter than a header, a tag and a delimiter")
    if body[SALT + SIZE] != POINT:
        raise ValueError("the key id is not an uncompressed point of 65 bytes")
    if len(body) - HEADER > int.from_bytes(body[SALT : SALT + SIZE]):
        raise ValueError("there is more than one record")
    keys = derived(private_key, body[SALT + SIZE + 1 : HEADER], auth, body[:SALT])
    try:
        padded = AESGCM(keys.cek).decrypt(keys.nonce, body[HEADER:], None)
    except InvalidTag:
        raise ValueError("the authentication tag is wrong: another key or secret, or a changed body") from None
    text, delimiter, padding = padded.rpartition(b"\x02")
    if not delimiter or padding.strip(b"\0"):
        raise ValueError("the last record's delimiter, 2, is missing")
    return text


class Phone(NamedTuple):
    """One subscription, and the browser's half of its secrets."""

    id: str
    private_key: ec.EllipticCurvePrivateKey
    auth: bytes
    #: The only sender that may post to it, as the app named it; None admits any.
    application_server_key: str | None

    @classmethod
    def subscribed(cls, application_server_key: str | None) -> Phone:
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(secrets.token_urlsafe(20), key, os.urandom(16), application_server_key)

    def open(self, body: bytes) -> bytes:
        """The text of a message for this phone. Raises ValueError."""
        return opened(self.private_key, self.auth, body)

    def subscription(self, url: str) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` gives, with `url` as the push service's address."""
        keys = {"p256dh": encoded(point(self.private_key)), "auth": encoded(self.auth)}
        return {"endpoint": f"{url}/push/{self.id}", "expirationTime": None, "keys": keys}


def point(private_key: ec.EllipticCurvePrivateKey) -> bytes:
    return private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _sha256(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")
