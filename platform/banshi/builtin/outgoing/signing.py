"""Signatures of calls by Standard Webhooks 1.0: who sent a body, when, and that nobody changed it on the way."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache

#: The three headers of a signed call.
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"

#: Seconds by which a signed call's time may differ from ours.
TOLERANCE = 300

#: What a secret begins with, and how many bytes it may have (Standard Webhooks 1.0, "Signature scheme").
PREFIX, MIN_SECRET_BYTES, MAX_SECRET_BYTES = "whsec_", 24, 64

#: Signatures that one call is looked at for; a sender that rotates its secret has two.
MAX_SIGNATURES = 5

#: An identifier of a call, as short as it has to be for a table.
IDENTIFIER = re.compile(r"[\x21-\x7e]{1,128}")


class NotSigned(Exception):
    """A call's signature is missing or wrong; `code` says which, the text what to do."""

    def __init__(self, code: str, told: str) -> None:
        self.code = code
        super().__init__(told)


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


@lru_cache(maxsize=1024)
def key_of(secret: str) -> bytes:
    """The bytes of a secret. Raises ValueError with what to do."""
    wanted = f"has to be {PREFIX} and {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} random bytes in base64"
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(wanted) from None
    if not secret.startswith(PREFIX) or not MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES:
        raise ValueError(wanted)
    return key


def signed(secrets_: Sequence[str], identifier: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of a call.

    Args:
        secrets_: One, or two while the receiver changes from one to the other.
        identifier: The same for every try of one call; the receiver knows repetitions by it.
        at: Unix seconds.
    """
    signatures = [_signature(key_of(secret), identifier, str(at), body) for secret in secrets_]
    return {ID: identifier, TIMESTAMP: str(at), SIGNATURE: " ".join(signatures)}


def verified(secrets_: Sequence[str], headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The identifier of a call that one of the secrets has signed within the tolerance. Raises NotSigned.

    Whoever calls this has to refuse an identifier that it has seen before.
    """
    identifier, at, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not identifier or not at or not given:
        raise NotSigned("not-signed", f"Send {ID}, {TIMESTAMP} and {SIGNATURE} (Standard Webhooks).")
    if not IDENTIFIER.fullmatch(identifier):
        raise NotSigned("not-signed", f"{ID} has to be 1 to 128 visible characters.")
    if not re.fullmatch("[0-9]{1,12}", at):
        raise NotSigned("not-signed", f"{TIMESTAMP} has to be seconds since 1970.")
    right = [_signature(key_of(secret), identifier, at, body).encode() for secret in secrets_]
    texts = [text.encode(errors="replace") for text in given.split(" ")[:MAX_SIGNATURES]]
    if not any(hmac.compare_digest(text, one) for text in texts for one in right):
        raise NotSigned("wrong-signature", "The body is not signed with the secret, or was changed afterwards.")
    # After the signature: nobody else learns how our clock goes.
    if abs(now - int(at)) > TOLERANCE:
        raise NotSigned("wrong-time", f"{TIMESTAMP} differs from our clock by more than {TOLERANCE} seconds.")
    return identifier


def _signature(key: bytes, identifier: str, at: str, body: bytes) -> str:
    digest = hmac.digest(key, f"{identifier}.{at}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()
