"""A COSE_Sign1 and its signature, made by other means than the code under test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from banshi.foundation.encryption.signatures import ORDER


def signature(key: ec.EllipticCurvePrivateKey, data: bytes, *, high_s: bool = False) -> bytes:
    """Its two numbers, with the lower or the higher `s`."""
    how = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = decode_dss_signature(key.sign(data, how))
    s = max(s, ORDER - s) if high_s else min(s, ORDER - s)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign1(
    key: ec.EllipticCurvePrivateKey,
    protected: bytes,
    payload: bytes,
    *,
    unprotected: Mapping[int, Any] | None = None,
    high_s: bool = False,
) -> bytes:
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    parts = [protected, dict(unprotected or {}), payload, signature(key, signed, high_s=high_s)]
    return b"\xd2" + cbor2.dumps(parts)
