"""Header blocks of HTTP/2 (RFC 7541): those that clients send are read, those of answers are made ahead of time.

`hpack` is right but slow, so a block, and each of its fields, is decoded once as long as the connection's table stays
the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

#: Header blocks of a connection that are kept with what is in them, and single fields.
MAX_BLOCKS_KEPT = 1024


def integer(value: int, bits: int) -> bytes:
    """RFC 7541 section 5.1, without the bits before the prefix."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    value, done = value - most, bytearray([most])
    while value >= 128:
        done.append(value % 128 + 128)
        value //= 128
    return bytes([*done, value])


@lru_cache(maxsize=1024)
def block(status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    """A header block that leaves the client's table alone, so that it can be made ahead of time."""
    fields = [(":status", str(status)), *headers]
    texts = ((name.lower().encode(), value.encode()) for name, value in fields)
    return b"".join(b"\0" + b"".join(integer(len(text), 7) + text for text in pair) for pair in texts)


def fields_of(whole: bytes) -> Iterator[bytes]:
    """Each field of a header block as it came (RFC 7541 section 6)."""
    at = 0
    while at < len(whole):
        begun, first = at, whole[at]
        bits = next(bits for mark, bits in ((0x80, 7), (0x40, 6), (0x20, 5), (0, 4)) if first & mark or not mark)
        is_literal = bits in (6, 4)
        index, at = number(whole, at, bits)
        for _ in range(is_literal * (1 if index else 2)):
            length, at = number(whole, at, 7)
            at += length
        yield whole[begun:at]


def number(whole: bytes, at: int, bits: int) -> tuple[int, int]:
    """An integer (RFC 7541 section 5.1), and where it ends."""
    most = (1 << bits) - 1
    value, shift = whole[at] & most, 0
    if value < most:
        return value, at + 1
    while True:
        at += 1
        value += (whole[at] & 0x7F) << shift
        shift += 7
        if whole[at] < 0x80:
            return value, at + 1


class HeaderBlocks:
    """What one client sends on one connection."""

    def __init__(self) -> None:
        from hpack import Decoder  # whose sandbox speaks HTTP/1.1 alone needs none

        self._decoder = Decoder()
        self._blocks: dict[bytes, dict[str, str]] = {}
        self._fields: dict[bytes, list[tuple[str, str]]] = {}

    def read(self, whole: bytes) -> dict[str, str]:
        """The headers by name."""
        found = self._blocks.get(whole)
        if found is not None:
            return found
        found, kept = {}, True
        for one in fields_of(whole):
            if (pairs := self._fields.get(one)) is None:
                pairs = [(str(name), str(value)) for name, value in self._decoder.decode(one)]
                if one[0] & 0xC0 == 0x40 or one[0] & 0xE0 == 0x20:  # it has changed the table
                    self._blocks.clear()
                    self._fields.clear()
                    kept = False
                else:
                    self._fields[one] = pairs
            found.update(pairs)
        while len(self._fields) > MAX_BLOCKS_KEPT:
            del self._fields[next(iter(self._fields))]
        if kept and len(self._blocks) < MAX_BLOCKS_KEPT:
            self._blocks[whole] = found
        return found
