"""Status lists as a verifier reads them: unpacked with care, since whoever answers may send anything."""

from __future__ import annotations

import base64
import binascii
import zlib
from enum import IntEnum

from banshi.builtin.passes.status import StatusList

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


class ReadList(StatusList):
    """A status list that somebody has sent."""

    @classmethod
    def decode(cls, lst: str, *, most: int = MAX_ENTRIES) -> ReadList:
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

    def status(self, index: int) -> Status:
        """Look up one credential; an index that the list doesn't hold raises `StatusListRefused` (section 8.3)."""
        if not 0 <= index < len(self.octets) * 8:
            raise StatusListRefused(f"index {index} is not in this list; fetch a newer one")
        return Status(self.octets[index >> 3] >> (index & 7) & 1)
