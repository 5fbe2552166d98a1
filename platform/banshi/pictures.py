"""Pictures written anew: upright, of bounded size, and without anything that a camera or a program wrote beside them.

EXIF, XMP, comments, thumbnails, second pictures and colour profiles can say who took a picture, where and with what.
None of it is looked for: only the picture's own points are taken over into a new file.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from banshi.errors import Problem, TooLarge

if TYPE_CHECKING:
    from PIL import Image

#: Media types that are read. Pillow reads no HEIC.
READ = ("image/jpeg", "image/png", "image/webp")

#: Points of a picture that is read at all; a phone's largest usual photo has 48 million.
MOST_POINTS = 50_000_000

#: Points along the longer side of what is written, where the caller doesn't say.
LONGEST_SIDE = 2560

#: A JPEG's passes over the whole picture. Ten are usual, and thousands of empty ones are a way to keep a server busy.
MOST_SCANS = 200
SCAN = b"\xff\xda"

#: Bytes above which a picture without transparency is no longer written as PNG.
LARGEST_PNG = 4_194_304

QUALITY = 88

#: So many at once: each may take 200 MB for a moment.
_workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="banshi-pictures")


class UnreadablePicture(Problem):
    """The picture can't be read; save it as JPEG or PNG and send that."""

    status = 422
    code = "unreadable-picture"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as we wrote it."""

    content: bytes
    #: image/jpeg or image/png.
    media_type: str
    #: Points, as somebody sees it who looks at it upright.
    width: int
    height: int


async def cleaned(content: bytes, *, longest: int = LONGEST_SIDE) -> Picture:
    """The picture of a file, written anew in a thread; `longest` is what its longer side has at most, in points.

    A PNG stays one, whatever else has no transparency becomes a JPEG. Of several frames the first is taken. Raises
    TooLarge for more than `MOST_POINTS`, before they are decoded, and UnreadablePicture.
    """
    return await asyncio.get_running_loop().run_in_executor(_workers, _written_anew, content, longest)


def _written_anew(content: bytes, longest: int) -> Picture:
    from PIL import Image, ImageOps

    if content.startswith(b"\xff\xd8") and content.count(SCAN) > MOST_SCANS:
        raise UnreadablePicture()
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_POINTS:
                raise _too_large()
            is_png = opened.format == "PNG"
            # A JPEG is decoded at a half, a quarter or an eighth where that is still large enough.
            opened.draft(None, (longest, longest))
            upright = ImageOps.exif_transpose(opened)
            points = _plain(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large() from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, RuntimeWarning, ArithmeticError, LookupError):
        # What Pillow raises for a file that isn't what its beginning says; its text may quote the file.
        raise UnreadablePicture() from None
    points.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return _encoded(points, is_png=is_png)


def _plain(opened: Image.Image) -> Image.Image:
    """The points alone, in red, green and blue, with transparency where there is some."""
    from PIL import Image

    clear = opened.has_transparency_data
    colours = opened.convert("RGBA" if clear else "RGB")
    if clear and colours.getchannel("A").getextrema() == (255, 255):
        colours = colours.convert("RGB")
    fresh = Image.new(colours.mode, colours.size)
    fresh.paste(colours)
    return fresh


def _encoded(points: Image.Image, *, is_png: bool) -> Picture:
    out = BytesIO()
    clear = points.mode == "RGBA"
    if is_png or clear:
        points.save(out, "PNG")
    if not clear and (not is_png or out.tell() > LARGEST_PNG):
        out = BytesIO()
        points.save(out, "JPEG", quality=QUALITY)
        return Picture(out.getvalue(), "image/jpeg", *points.size)
    return Picture(out.getvalue(), "image/png", *points.size)


def _too_large() -> TooLarge:
    return TooLarge(f"A picture has at most {MOST_POINTS // 1_000_000} million points.", points=MOST_POINTS)
