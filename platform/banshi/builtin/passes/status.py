"""Which passes are revoked, one bit each: the IETF Token Status List (draft-ietf-oauth-status-list-21).

A verifier fetches the whole list, so the issuer never learns whose pass was checked where, and goes on without a
network. The bit of a pass is at its credential's `index`.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable
from enum import IntEnum

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

#: Ten years of a city's passes, in 2 MiB: what a decoder unpacks before it takes a list for a bomb.
MAX_ENTRIES = 1 << 24


class StatusListRefused(ValueError):
    """This status list can't be relied on."""


class Status(IntEnum):
    """What a bit says (section 7.1 of the draft; of a list with one bit an entry)."""

    #: Not revoked. It may still have expired.
    VALID = 0
    #: Revoked for good.
    INVALID = 1


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

    @classmethod
    def decode(cls, lst: str, *, most: int = MAX_ENTRIES) -> StatusList:
        """Unpack a list of at most `most` entries, or raise `StatusListRefused`."""
        limit = most // 8
        # zlib makes what it can't compress larger by less than a thousandth, base64 by a third.
        if len(lst) > limit // 2 * 3 + 64:
            raise StatusListRefused(f"a status list of {len(lst)} characters holds more than {most} entries")
        try:
            packed = base64.b64decode(lst + "=" * (-len(lst) % 4), altchars=b"-_", validate=True)
            unpacker = zlib.decompressobj()
            # One octet beyond the limit tells a full list from a bomb, whose rest is never unpacked.
            octets = unpacker.decompress(packed, limit + 1)
        except (ValueError, binascii.Error, zlib.error) as error:
            raise StatusListRefused(f"the status list can't be unpacked: {error}") from None
        if len(octets) > limit:
            raise StatusListRefused(f"the status list holds more than {most} entries")
        if not unpacker.eof or unpacker.unused_data:
            raise StatusListRefused("the status list is cut short, or something follows its end")
        unpacked = cls((), size=0)
        unpacked.octets = octets
        return unpacked

    @property
    def lst(self) -> str:
        """The list as the draft carries it: zlib, in base64url without padding. Costs milliseconds; keep it."""
        return base64.urlsafe_b64encode(zlib.compress(self.octets, 9)).rstrip(b"=").decode()

    def status(self, index: int) -> Status:
        """Look up one credential; an index that the list doesn't hold raises `StatusListRefused` (section 8.3)."""
        if not 0 <= index < len(self.octets) * 8:
            raise StatusListRefused(f"index {index} is not in this list; fetch a newer one")
        return Status(self.octets[index >> 3] >> (index & 7) & 1)

    def signed(
        self,
        *,
        subject: str,
        issued_at: int,
        expires_at: int,
        ttl: int,
        key: EllipticCurvePrivateKey,
        kid: str,
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


def status_of(lst: str, index: int, *, most: int = MAX_ENTRIES) -> Status:
    """Look up one credential in a packed list; unpack it once with `StatusList.decode` to look up many."""
    return StatusList.decode(lst, most=most).status(index)
