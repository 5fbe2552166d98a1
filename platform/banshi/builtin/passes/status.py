"""Which passes are revoked, one bit each: the IETF Token Status List (draft-ietf-oauth-status-list-21).

A verifier fetches the whole list, so the issuer never learns whose pass was checked where, and goes on without a
network. The bit of a pass is at its credential's `index`.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


class StatusList:
    """One bit for every credential of an issuer."""

    __slots__ = ("octets",)

    def __init__(self, revoked: Iterable[int], *, size: int) -> None:
        """Make a list of `size` entries, rounded up to whole octets, in which the indices `revoked` are set.

        Raises ValueError for an index outside the list.
        """
        octets = bytearray((size + 7) // 8)
        for index in revoked:
            if not 0 <= index < size:
                raise ValueError(f"index {index} is outside a status list of {size} entries")
            octets[index >> 3] |= 1 << (index & 7)
        #: Entry 0 is the least significant bit of the first octet (section 4.1).
        self.octets = bytes(octets)

    @property
    def lst(self) -> str:
        """The list as the draft carries it: zlib, in base64url without padding. Costs milliseconds; keep it."""
        return base64.urlsafe_b64encode(zlib.compress(self.octets, 9)).rstrip(b"=").decode()

    def signed(
        self, *, subject: str, issued_at: int, expires_at: int, ttl: int, key: EllipticCurvePrivateKey, kid: str
    ) -> str:
        """Sign the list as a Status List Token, a JWT with ES256 (section 5.1).

        `subject` is the URI from which the list is fetched; the times are Unix seconds; `ttl` is for how many
        seconds a verifier may keep it before it asks again. Served as `application/statuslist+jwt`.
        """
        # 44 ms to import, and a command that only reads a pass needs none of it.
        from joserfc import jwt
        from joserfc.jwk import ECKey

        claims = {
            "sub": subject,
            "iat": issued_at,
            "exp": expires_at,
            "ttl": ttl,
            "status_list": {"bits": 1, "lst": self.lst},
        }
        header = {"alg": "ES256", "typ": "statuslist+jwt", "kid": kid}
        return jwt.encode(header, claims, ECKey.import_key(key), ["ES256"])
