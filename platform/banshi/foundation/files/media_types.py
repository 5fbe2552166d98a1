"""What an upload is, by its first bytes; what its sender calls it counts for nothing.

The table is our own, because puremagic is a guesser where this is a gate. Measured with 1.30: an iPhone's HEIC is
"image/heif" and one with the major brand mif1 is nothing, `FF D8 FF` followed by text is a JPEG, "%PDF" followed by
anything is a PDF, and a call takes 240 µs. Version 2.2, which Python 3.12 and later would install, calls a HEIC of
brand mif1 "audio/x-sndr".
"""

from __future__ import annotations

import re

#: What citizens may upload.
ACCEPTED = ("image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf")

#: How many bytes `sniff` needs at most; more do no harm.
HEAD_BYTES = 512

#: Each format's first bytes as its standard has them, as far as every file must have them.
_SIGNATURES = (
    # Start of image, then the first byte of a marker segment (ISO/IEC 10918-1, B.1.1.3).
    ("image/jpeg", re.compile(rb"\xff\xd8\xff[\xc0-\xfe]")),
    # Signature, then IHDR, which has to come first and is always 13 bytes long (ISO/IEC 15948, 5.2 and 11.2.2).
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")),
    # RIFF container with one of its three first chunks (RFC 9649, section 2).
    ("image/webp", re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL)),
    # The header in the very first byte (ISO 32000-2, 7.5.2). Readers also look further in; we don't, because that is
    # how a file passes for two kinds.
    ("application/pdf", re.compile(rb"%PDF-[12]\.[0-9]")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
)

#: Brands of still images coded with HEVC (ISO/IEC 23008-12, annex B); a camera writes one of them or "mif1" first.
_HEIC = {b"heic", b"heix", b"heim", b"heis"}


def sniff(head: bytes) -> str | None:
    """The media type that the first bytes of a file show, or None where they show none that we know.

    `head` is the file's first `HEAD_BYTES` bytes, or all of a shorter file. Knows some types besides those of
    `ACCEPTED`, so that a refusal can name them.
    """
    for media_type, signature in _SIGNATURES:
        if signature.match(head):
            return media_type
    return _heif(head)


def _heif(head: bytes) -> str | None:
    """HEIC or AVIF: both are HEIF, and only the brands of the first box tell them apart (ISO/IEC 14496-12, 4.3)."""
    size = int.from_bytes(head[:4], "big")
    if head[4:8] != b"ftyp" or size < 16 or size % 4:
        return None
    major = head[8:12]
    brands = {major} | {head[at : at + 4] for at in range(16, min(size, len(head), HEAD_BYTES), 4)}
    if major in _HEIC or (major == b"mif1" and brands & _HEIC):
        return "image/heic"
    if major == b"avif" or (major == b"mif1" and b"avif" in brands):
        return "image/avif"
    return None
