"""Pictures written anew: upright, of bounded size, and without anything that a camera or a program wrote beside them.

EXIF, XMP, comments, thumbnails, second pictures and colour profiles can say who took a picture, where and with what.
None of it is looked for: only the picture's own points are taken over into a new file.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from banshi.builtin.uploads.points import MAX_POINTS, bounded_picture
from banshi.foundation.errors import Problem
from banshi.kinds.sentences import say

if TYPE_CHECKING:
    from PIL import Image

#: Points of one that has to be in memory whole before it is made smaller: PNG, WebP, and a JPEG of several passes. The
#: longest usual screenshot and a photo of 16 million points fit.
MAX_WHOLE_POINTS = 16_000_000

#: Points along the longer side of what is written, where the caller doesn't say.
MAX_SIDE_POINTS = 2560

#: A JPEG's passes over the whole picture. Ten are usual, and thousands of empty ones are a way to keep a server busy.
MAX_SCANS = 200
SCAN = b"\xff\xda"

#: Markers of frames that can have all in one scan: baseline, extended, and the latter with arithmetic codes.
ONE_PASS = (0xC0, 0xC1, 0xC9)

#: Pillow's modes whose points have a mean.
SMOOTH = ("L", "LA", "RGB", "RGBA", "CMYK")

#: Bytes above which a picture without transparency is no longer written as PNG.
MAX_PNG_BYTES = 4_194_304

JPEG_QUALITY = 88

#: So many at once. Each takes 320 MB for a moment at most: a WebP of `MAX_WHOLE_POINTS` points with transparency, of
#: which Pillow keeps copies. A PNG like that takes 190 MB, a photo of 12 or 48 million points as JPEG 95.
_workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="banshi-pictures")


class UnreadablePicture(Problem, status=422, code="unreadable-picture", says=say):
    """The picture can't be read; save it as JPEG or PNG and send that."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as we wrote it."""

    content: bytes
    #: image/jpeg or image/png.
    media_type: str
    #: Points, as somebody sees it who looks at it upright.
    width: int
    height: int


async def cleaned(content: bytes, *, longest: int = MAX_SIDE_POINTS, workers: Executor = _workers) -> Picture:
    """The picture of a file, written anew in a thread of `workers`; its longer side has at most `longest` points.

    A PNG stays one, whatever else has no transparency becomes a JPEG. Of several frames the first is taken. Raises
    TooLarge for more than `MAX_POINTS` or `MAX_WHOLE_POINTS`, before they are decoded, and UnreadablePicture.
    """
    return await asyncio.get_running_loop().run_in_executor(workers, _written_anew, content, longest)


def _written_anew(content: bytes, longest: int) -> Picture:
    from PIL import ImageOps

    if content.startswith(b"\xff\xd8") and content.count(SCAN) > MAX_SCANS:
        raise UnreadablePicture()
    try:
        most = MAX_POINTS if is_decoded_in_lines(content) else MAX_WHOLE_POINTS
        with bounded_picture(BytesIO(content), most) as opened:
            is_png = opened.format == "PNG"
            # First of all smaller, and in place: each copy of the whole has as many points.
            small = _smaller(opened, longest)
            ImageOps.exif_transpose(small, in_place=True)
            return _encoded(_plain(small), is_png=is_png)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, RuntimeWarning, ArithmeticError, LookupError):
        # What Pillow raises for a file that isn't what its beginning says; its text may quote the file.
        raise UnreadablePicture() from None


def is_decoded_in_lines(content: bytes) -> bool:
    """Whether it is a JPEG of one pass, whose decoder needs no more than some lines and makes them smaller on the way.

    One of several passes is kept whole, twice as large: a progressive one, and one whose first scan lacks a component
    (ITU-T T.81, annex B). A head that says neither counts as one of them.
    """
    if not content.startswith(b"\xff\xd8"):
        return False
    at, components = 2, 0
    while content[at] == 0xFF:
        kind, size = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if kind == 0xFF:  # a byte that fills
            size = -1
        elif kind in ONE_PASS:
            components = content[at + 9]
        elif kind == SCAN[1]:
            return content[at + 4] == components
        elif kind < 0xC0 or 0xD0 <= kind <= 0xD9:  # nothing with a length, which a decoder may skip
            return False
        at += 2 + size
    return False


def _smaller(opened: Image.Image, longest: int) -> Image.Image:
    """The picture, at most so long: itself where that can be."""
    from PIL import Image

    longer = max(opened.size)
    if longer <= longest:
        return opened
    # A JPEG is decoded at a half, a quarter or an eighth where that is still large enough.
    opened.draft(None, (max(1, opened.width * longest // longer), max(1, opened.height * longest // longer)))
    # The numbers of a palette have no mean, nor has a colour that stands for transparency.
    can_shrink = opened.mode in SMOOTH and "transparency" not in opened.info
    points = opened if can_shrink else opened.convert(_colours(opened))
    points.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return points


def _colours(opened: Image.Image) -> str:
    return "RGBA" if opened.has_transparency_data else "RGB"


def _plain(opened: Image.Image) -> Image.Image:
    """The points alone, in red, green and blue, with transparency where there is some."""
    from PIL import Image

    mode = _colours(opened)
    colours = opened if opened.mode == mode else opened.convert(mode)
    if mode == "RGBA" and colours.getchannel("A").getextrema() == (255, 255):
        colours = colours.convert("RGB")
    fresh = Image.new(colours.mode, colours.size)
    fresh.paste(colours)
    return fresh


def _encoded(points: Image.Image, *, is_png: bool) -> Picture:
    out = BytesIO()
    clear = points.mode == "RGBA"
    if is_png or clear:
        points.save(out, "PNG")
    if not clear and (not is_png or out.tell() > MAX_PNG_BYTES):
        out = BytesIO()
        points.save(out, "JPEG", quality=JPEG_QUALITY)
        return Picture(out.getvalue(), "image/jpeg", *points.size)
    return Picture(out.getvalue(), "image/png", *points.size)
