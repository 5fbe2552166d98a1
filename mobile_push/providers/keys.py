"""The private keys that sign who we are: to push services of browsers, and to Apple."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read_key(file: Path, setting: str, advice: str) -> Any:
    """The private key in a PEM file, of the one kind that VAPID and APNs know.

    Raises:
        ValueError: the file can't be used; the text names the setting and the file, and says what to do.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except OSError as error:
        raise ValueError(f"{setting} {file} can't be read ({error.strerror}); {advice}") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{setting} {file} is no private key in PEM without a password; {advice}") from None
    if not isinstance(key, EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError(f"{setting} {file} holds a key of another kind than P-256; {advice}")
    return key
