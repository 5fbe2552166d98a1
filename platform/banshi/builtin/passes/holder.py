"""The key of the phone that holds a dynamic pass: as a point, as the pass names it, and as JWK.

In the credential it is the claim `cnf` (RFC 8747) with a COSE key of the curve P-256 whose y is but its sign (RFC 9053,
section 7.1.1): 45 bytes in place of 77. CDDL::

    holder = {} / {1: {1: 2, -1: 1, -2: x: bstr .size 32, -3: sign: bool}}

An empty one is of a pass that no phone has taken yet: nobody can show it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from banshi.builtin.passes.refusals import PassRefused, Reason
from banshi.builtin.passes.wire import cbor

#: By how much a pass is longer once it names a phone.
HOLDER_BYTES = 45

_COSE_KEY: Mapping[int, Any] = {1: 2, -1: 1}
_JWK = {"kty": "EC", "crv": "P-256"}


def confirmation(point: bytes) -> dict[int, Any]:
    """Write a compressed point as the claim `cnf`; nothing as the empty one."""
    return {1: {**_COSE_KEY, -2: point[1:], -3: point[0] == 3}} if point else {}


def of_confirmation(claim: Any) -> bytes:
    """Read the claim `cnf` as a compressed point, or raise `PassRefused`."""
    if claim == {}:
        return b""
    match claim:
        case {1: {-2: bytes(x), -3: bool(sign)}}:
            point = bytes([3 if sign else 2]) + x
            # Nothing may stand beside it, and Python takes True for 1.
            if cbor.dump(confirmation(point)) == cbor.dump(claim):
                with suppress(ValueError):  # it is not on the curve
                    public_key(point)
                    return point
    raise PassRefused(Reason.WRONG_CLAIMS, "the phone's key is none on P-256")


def public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a point of 33 bytes; raises ValueError for one that is not on the curve."""
    if len(point) != 33:
        raise ValueError("a compressed point of P-256 has 33 bytes")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """A key as a compressed point of 33 bytes."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)


def of_jwk(jwk: Mapping[str, Any]) -> bytes:
    """Read a JWK (RFC 7517) as a compressed point; raises ValueError for other than a public key on P-256."""
    if any(jwk.get(name) != value for name, value in _JWK.items()):
        raise ValueError("a key of kty EC and crv P-256 is asked for")
    x, y = (_bytes(jwk.get(name)) for name in ("x", "y"))
    try:
        return point_of(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + x + y))
    except ValueError:
        raise ValueError("x and y are no point of the curve P-256") from None


def as_jwk(point: bytes) -> dict[str, str]:
    """A compressed point as JWK."""
    numbers = public_key(point).public_numbers()
    return {**_JWK, "x": _base64url(numbers.x), "y": _base64url(numbers.y)}


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def _bytes(text: Any) -> bytes:
    """32 bytes in their one spelling."""
    try:
        found = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except (TypeError, ValueError):
        found = b""
    if len(found) != 32 or _base64url(int.from_bytes(found, "big")) != text:
        raise ValueError("x and y have to be 32 bytes each, in base64url without padding")
    return found
