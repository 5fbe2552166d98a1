"""A signature of ES256 as a pass carries it: r and s, 32 bytes each, s the lower of its two values."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

#: RFC 6979: the same credential signed again is the same picture, so nothing but its fields need be kept.
ES256 = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
#: The order of P-256's group (FIPS 186-5). (r, s) and (r, n - s) verify alike; only the lower s makes a pass.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def raw(der: bytes) -> bytes:
    """What `cryptography` signed, as 64 bytes with the lower s."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def of_raw(signature: bytes) -> bytes:
    """64 bytes as `cryptography` verifies them."""
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


def low_s(signature: bytes) -> bool:
    """Whether s is the lower of its two values."""
    return int.from_bytes(signature[32:], "big") <= ORDER // 2
