"""Make the fonts of the certificates: `python tools/make_font.py NotoSansCJK-Regular.ttc "NotoSans[wdth,wght].ttf"`.

Run it from the repository root with fonttools installed. It keeps the characters of the national list
(通用规范汉字表, 8,105), of GB 2312, and the 5,401 most frequent of Big5 for names from Hong Kong, Macau and Taiwan;
what the national list has beyond the two codes stands in `more_characters.txt`. The whole font would be 19 MB.
Latin, Greek and Cyrillic letters that it lacks come from Noto Sans.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FOLDER = Path("platform/banshi/builtin/certificates/fonts")
MORE = Path(__file__).with_name("more_characters.txt")

#: Modified versions of a font bear another name.
FAMILY, LETTERS = "Banshi Sans", "Banshi Sans Letters"

#: The simplified Chinese face of the collection.
SIMPLIFIED = 2

#: Latin with its accents, punctuation, CJK punctuation, full-width forms, circled and Roman numbers.
RANGES = (
    *((0x20, 0x7E), (0xA0, 0x17F), (0x2010, 0x205E), (0x2160, 0x216B), (0x2460, 0x2473)),
    *((0x3000, 0x303F), (0xFF01, 0xFF5E)),
)


def coded(codec: str, first: int, last: int) -> set[str]:
    """The characters of a two-byte code, by the first and last of its lead bytes."""
    pairs = (bytes([high, low]) for high in range(first, last + 1) for low in range(0x40, 0xFF))
    return {text for pair in pairs if len(text := pair.decode(codec, errors="ignore")) == 1}


def characters() -> set[str]:
    """All that the font is to have."""
    ranges = {chr(code) for first, last in RANGES for code in range(first, last + 1)}
    more = set(MORE.read_text(encoding="utf-8").replace("\n", ""))
    return ranges | coded("gb2312", 0xA1, 0xF7) | coded("big5", 0xA1, 0xC6) | more


#: Letters of passports: Latin with all its accents, Greek, Cyrillic, and the marks that follow a letter.
LETTER_RANGES = ((0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x1E00, 0x1FFF), (0x2010, 0x205E))


def make_chinese(source: str) -> None:
    """Write the font of the characters."""
    from fontTools.ttLib import TTFont

    font = TTFont(source, fontNumber=SIMPLIFIED)
    _keep(font, map(ord, characters()))
    table = font["CFF "].cff
    # The CFF table bears the name as well.
    table.fontNames = [FAMILY.replace(" ", "")]
    table.topDictIndex[0].FullName = table.topDictIndex[0].FamilyName = FAMILY
    _save(font, FAMILY, "otf")


def make_letters(source: str) -> None:
    """Write the font of the letters."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = instantiateVariableFont(TTFont(source), {"wght": 400, "wdth": 100})
    _keep(font, (code for first, last in LETTER_RANGES for code in range(first, last + 1)))
    _save(font, LETTERS, "ttf")


def _keep(font: Any, wanted: Iterable[int]) -> None:
    from fontTools import subset

    options = subset.Options()
    options.layout_features = ["mark", "mkmk", "ccmp"]
    options.name_IDs = [0, 13, 14]
    options.hinting = False
    subsetter = subset.Subsetter(options)
    have = font.getBestCmap()
    subsetter.populate(unicodes=[code for code in wanted if code in have])
    subsetter.subset(font)


def _save(font: Any, family: str, ending: str) -> None:
    file = family.replace(" ", "")
    for number, text in ((1, family), (2, "Regular"), (4, family), (6, file)):
        font["name"].setName(text, number, 3, 1, 0x409)
    font.recalcTimestamp = False
    font.save(FOLDER / f"{file}.{ending}")


if __name__ == "__main__":
    make_chinese(sys.argv[1])
    make_letters(sys.argv[2])
