"""Make the font of the certificates from Noto Sans CJK: `python tools/make_font.py NotoSansCJK-Regular.ttc`.

Run it from the repository root with fonttools installed. It keeps the characters of the national list
(通用规范汉字表, 8,105), of GB 2312, and the 5,401 most frequent of Big5 for names from Hong Kong, Macau and Taiwan;
what the national list has beyond the two codes stands in `more_characters.txt`. The whole font would be 19 MB.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

FONT = Path("platform/banshi/certificates/fonts/BanshiSans.otf")
MORE = Path(__file__).with_name("more_characters.txt")

#: Modified versions of a font bear another name.
FAMILY = "Banshi Sans"

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


def make(source: str, wanted: Iterable[str]) -> None:
    """Write the font."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font = TTFont(source, fontNumber=SIMPLIFIED)
    have = font.getBestCmap()
    options = subset.Options()
    options.layout_features = []
    options.name_IDs = [0, 13, 14]
    options.hinting = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[ord(one) for one in wanted if ord(one) in have])
    subsetter.subset(font)
    for number, text in ((1, FAMILY), (2, "Regular"), (4, FAMILY), (6, FAMILY.replace(" ", ""))):
        font["name"].setName(text, number, 3, 1, 0x409)
    # The CFF table bears the name as well.
    table = font["CFF "].cff
    table.fontNames = [FAMILY.replace(" ", "")]
    table.topDictIndex[0].FullName = table.topDictIndex[0].FamilyName = FAMILY
    font.recalcTimestamp = False
    font.save(FONT)


if __name__ == "__main__":
    make(sys.argv[1], characters())
