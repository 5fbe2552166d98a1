"""Fingerprints of pictures: whether one that goes around is one that is known, without keeping any.

A fingerprint is 64 bits of which of two neighbours is brighter in the picture made 9 by 8 points small (dHash), and the
SHA-256 of its file. docs/decisions/fingerprints.md has how far apart pictures are.
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

from banshi import Call, Problem, Unavailable
from likeness.sentences import say

#: Media types that are read; bytes and points at most: one is in memory whole for a moment.
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
MAX_BYTES, MAX_POINTS, BODY_S = 8_000_000, 16_000_000, 60.0
#: A JPEG's passes over the whole picture: thousands of empty ones are a way to keep a server busy.
SCAN, MAX_SCANS = b"\xff\xda", 200
#: Bits in which two fingerprints of one picture differ at most.
MAX_BITS = 8
#: Neighbours, of 64, that have to differ by so many of 256 levels; bits, of 56, in which rows have to differ from the
#: next: pages of text and chats look alike when they are that small. Those below are `PLAIN`, alike as files alone.
MIN_EDGES, EDGE, MIN_TURNS, PLAIN = 28, 6, 11, 0
FINGERPRINT = "^[0-9a-f]{16}-[0-9a-f]{64}$"

#: What Pillow raises for a file that isn't what its beginning says, or whose camera's notes are none.
NO_PICTURE = (
    *(OSError, ValueError, SyntaxError, EOFError, MemoryError, RuntimeWarning, ArithmeticError, LookupError),
    *(struct.error, TypeError),
)
#: Pictures under way, of which each is in memory; and when somebody comes back for whom there was no room.
_room, LATER = asyncio.Semaphore(16), {"Retry-After": "5"}
_workers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="banshi-likeness")


class NoPicture(Problem, status=422, code="unreadable-picture", says=say):
    """The picture can't be read; send it as JPEG or PNG."""


class PictureTooLarge(Problem, status=413, code="too-large", says=say):
    """The picture is too large: send one of at most 8 megabytes and 16 million points."""


class Unfinished(Problem, status=400, code="malformed-body", says=say):
    """The picture was not all there in time; send it again."""


async def picture_in(call: Call) -> bytes:
    """The picture that a request is, held in memory alone. Raises PictureTooLarge and Unfinished."""
    parts, size = list[bytes](), 0
    try:
        async with asyncio.timeout(BODY_S):
            async for part in call.request.content.iter_any():
                parts.append(part)
                if (size := size + len(part)) > MAX_BYTES:
                    raise PictureTooLarge
    except TimeoutError:
        raise Unfinished from None
    return b"".join(parts)


async def fingerprint_of(call: Call) -> str:
    """That of the picture that a request is. Raises Unavailable where too many are under way, and as both others do."""
    if _room.locked():
        raise Unavailable(say("Too many pictures are asked about at once; try again in a moment."), headers=LATER)
    async with _room:
        return await fingerprint(await picture_in(call))


async def fingerprint(content: bytes) -> str:
    """Of several frames it is of the first. Raises NoPicture, PictureTooLarge."""
    bits = await asyncio.get_running_loop().run_in_executor(_workers, _bits, content)
    return f"{bits:016x}-{hashlib.sha256(content).hexdigest()}"


def are_alike(one: str, other: str) -> bool:
    """Whether two fingerprints are of the same file, or of what looks the same."""
    is_plain = PLAIN in (_dhash(one), _dhash(other))
    return one[16:] == other[16:] or (not is_plain and apart(one, other) <= MAX_BITS)


def apart(one: str, other: str) -> int:
    """In how many of their 64 bits two fingerprints differ."""
    return (_dhash(one) ^ _dhash(other)).bit_count()


def _dhash(one: str) -> int:
    return int(one[:16], 16)


def _bits(content: bytes) -> int:
    from PIL import Image, ImageOps

    if content.count(SCAN) > MAX_SCANS and content.startswith(b"\xff\xd8"):
        raise NoPicture
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF")) as opened:
            if opened.width * opened.height > MAX_POINTS:
                raise PictureTooLarge
            opened.draft("L", (144, 128))
            upright = ImageOps.exif_transpose(opened)
            # What can be seen through is seen on white.
            clear = upright.convert("RGBA") if upright.has_transparency_data else upright
            white = Image.new("RGBA", clear.size, "white") if clear.mode == "RGBA" else None
            flat = Image.alpha_composite(white, clear) if white else clear
            small = flat.convert("L").resize((9, 8), Image.Resampling.BOX)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureTooLarge from None
    except NO_PICTURE:
        # Its text may quote the file.
        raise NoPicture from None
    points = small.tobytes()
    steps = [points[row * 9 + n] - points[row * 9 + n + 1] for row in range(8) for n in range(8)]
    turns = sum((one > 0) != (below > 0) for one, below in zip(steps, steps[8:], strict=False))
    if turns < MIN_TURNS or sum(abs(one) >= EDGE for one in steps) < MIN_EDGES:
        return PLAIN
    return sum((one > 0) << n for n, one in enumerate(steps))
