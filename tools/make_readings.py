"""Write how Chinese characters are read: `python tools/make_readings.py` from the repository root.

One line for each syllable with the characters of GB 2312 that pypinyin reads so first. The file is kept so that a
server need not load pypinyin, whose tables take 13 MiB, with those of its phrases 57.
"""

from __future__ import annotations

from pathlib import Path

from pypinyin import lazy_pinyin

FILE = Path("platform/banshi/builtin/catalogue/search/readings.txt")


def characters() -> list[str]:
    """The 6,763 Chinese characters of GB 2312: rows 16 to 87 of its table."""
    pairs = (bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    return [text for pair in pairs if (text := pair.decode("gb2312", errors="ignore"))]


def lines() -> list[str]:
    """`syllable characters`, in the order of the alphabet; ü is written v, as it is typed."""
    rows: dict[str, list[str]] = {}
    for one in characters():
        rows.setdefault(lazy_pinyin(one, v_to_u=False)[0], []).append(one)
    return [f"{syllable} {''.join(rows[syllable])}" for syllable in sorted(rows)]


if __name__ == "__main__":
    FILE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
