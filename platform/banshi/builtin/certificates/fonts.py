"""The fonts of the certificates: which there are, and which characters each has.

Ours comes with the package (`fonts/`, under the SIL Open Font License), so that a certificate is complete on a machine
without any font. An operator's own come first, and ours fills what they lack. Behind them come those for rare names,
which are large, and read for a page alone that has one.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: Where our own font is.
OURS = Path(__file__).with_name("fonts")

#: Of a collection's faces the one for simplified Chinese: another country's shapes of a character may differ.
_SIMPLIFIED = re.compile(r"\b(SC|CN|GB)\b")


@dataclass(frozen=True, slots=True)
class Fonts:
    """The families in the order in which a character is looked for, and all characters that any of them has."""

    folders: tuple[Path, ...]
    families: tuple[str, ...]
    characters: frozenset[int]

    def displayable(self, text: str) -> tuple[str, bool]:
        """`text` as it can be shown, and whether anything in it can't.

        A character that no font has is named by its code point, 〔U+20BB7〕: whoever reads it knows that something is
        there, and what. Marks without a shape of their own (joiners, variation selectors) are left out.
        """
        if all(ord(sign) in self.characters for sign in text):
            return text, False
        parts: list[str] = []
        lacking = False
        for sign in text:
            if ord(sign) in self.characters:
                parts.append(sign)
            elif not _without_shape(sign):
                parts.append(f"〔U+{ord(sign):04X}〕")
                lacking = True
        return "".join(parts), lacking


def _without_shape(sign: str) -> bool:
    code = ord(sign)
    return unicodedata.category(sign) in {"Cf", "Cc"} or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF


def _refused(code: int) -> bool:
    """Whether PDF/A-2a refuses a code point although a font has a shape for it: it says nothing to whoever has another
    font. These are the areas for private use, the byte order mark, and what is no character.
    """
    private = 0xE000 <= code <= 0xF8FF or code >= 0xF0000
    return private or code in {0, 0xFEFF} or code & 0xFFFE == 0xFFFE


def open_fonts(own: Path | None = None, names: Path | None = None) -> Fonts:
    """Our font, behind those in the folder `own` and before those in `names`.

    Raises ValueError for a folder without a font that can be read.
    """
    import typst  # 40 ms, which only who shows a certificate needs

    folders = tuple(folder for folder in (own, OURS, names) if folder)
    families: list[str] = []
    characters: set[int] = set()
    for folder in folders:
        faces = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]).fonts()
        if not faces:
            raise ValueError(f"there is no OpenType or TrueType font in {folder}")
        fresh = {face.family for face in faces} - set(families)
        families += sorted(fresh, key=lambda family: (_SIMPLIFIED.search(family) is None, family))
        for face in faces:
            try:
                points = code_points(Path(str(face.path)).read_bytes(), face.index)
                characters |= {one for one in points if not _refused(one)}
            except (struct.error, StopIteration, IndexError):
                raise ValueError(f"the font {face.path} can't be read: its table of characters is broken") from None
    return Fonts(folders, tuple(families), frozenset(characters))


def code_points(data: bytes, face: int = 0) -> Iterator[int]:
    """The code points that a font has a shape for (OpenType's `cmap`, formats 4 and 12)."""
    start = struct.unpack_from(">I", data, 12 + 4 * face)[0] if data[:4] == b"ttcf" else 0
    (tables,) = struct.unpack_from(">H", data, start + 4)
    records = (struct.unpack_from(">4sIII", data, start + 12 + 16 * one) for one in range(tables))
    cmap = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    found: dict[int, int] = {}
    for one in range(count):
        platform, _, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * one)
        (form,) = struct.unpack_from(">H", data, cmap + offset)
        # Unicode and Windows; the Macintosh's are other codes.
        if platform in {0, 3}:
            found[form] = cmap + offset
    best = max(found.keys() & _FORMATS.keys(), default=None)
    return iter(()) if best is None else iter(_FORMATS[best](data, found[best]))


def _segments(data: bytes, at: int) -> Iterator[int]:
    """Format 4: segments of the basic plane."""
    (twice,) = struct.unpack_from(">H", data, at + 6)
    count = twice // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + twice)
    deltas = struct.unpack_from(f">{count}H", data, at + 16 + 2 * twice)
    place = at + 16 + 3 * twice
    offsets = struct.unpack_from(f">{count}H", data, place)
    for number, (first, last) in enumerate(zip(starts, ends, strict=True)):
        for code in range(first, min(last, 0xFFFE) + 1):
            glyph = code
            if offsets[number]:
                where = place + 2 * number + offsets[number] + 2 * (code - first)
                (glyph,) = struct.unpack_from(">H", data, where)
                if not glyph:
                    continue
            if (glyph + deltas[number]) % 0x10000:
                yield code


def _groups(data: bytes, at: int) -> Iterator[int]:
    """Format 12: groups of all planes."""
    (count,) = struct.unpack_from(">I", data, at + 12)
    for one in range(count):
        first, last, glyph = struct.unpack_from(">III", data, at + 16 + 12 * one)
        yield from (code for code in range(first, last + 1) if glyph + code - first)


_FORMATS: dict[int, Callable[[bytes, int], Iterable[int]]] = {4: _segments, 12: _groups}
