"""How many points a picture has, by its head and before any of it is decoded: a small file may stand for gigabytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from banshi.builtin.sentences import say
from banshi.foundation.errors import TooLarge

if TYPE_CHECKING:
    from PIL import Image

#: Media types that are read. Pillow reads no HEIC.
READ = ("image/jpeg", "image/png", "image/webp")

#: Points of a picture that is taken at all; a phone's largest usual photo has 48 million.
MAX_POINTS = 50_000_000


@contextmanager
def bounded_picture(source: Path | IO[bytes], most: int = MAX_POINTS) -> Iterator[Image.Image]:
    """A picture of at most so many points, none of which is decoded yet. Raises TooLarge, and what Pillow raises."""
    from PIL import Image

    try:
        with Image.open(source, formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > most:
                raise _too_large(most)
            yield opened
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(most) from None


def refuse_too_many_points(file: Path) -> None:
    """Raises TooLarge. What Pillow can't read is left to whoever looks at it: it may be an old scanner's."""
    try:
        with bounded_picture(file):
            pass
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, RuntimeWarning, ArithmeticError, LookupError):
        return


def _too_large(most: int) -> TooLarge:
    told = say(
        "A picture of this kind has at most {millions} million points: make it smaller, or send a usual JPEG.",
        millions=most // 1_000_000,
    )
    return TooLarge(told, points=most)
