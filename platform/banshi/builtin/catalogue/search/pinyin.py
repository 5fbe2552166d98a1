"""How Chinese words are typed in Latin letters: by their syllables, or by the syllables' first letters.

`readings.txt` has one reading for each character; the words in which another one is right stand in synonyms.toml.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from io import StringIO
from pathlib import Path

#: Written by tools/make_readings.py.
FILE = Path(__file__).with_name("readings.txt")

#: Letters that may be pinyin, and how many are looked at.
MAX_LETTERS = 32
LETTERS = re.compile(r"[a-z]{2,38}")

#: Letters of the longest syllable, `zhuang`.
MAX_SYLLABLE_LETTERS = 6

#: Stands around each syllable; no letter of one.
MARK = "'"


@cache
def readings() -> Mapping[str, str]:
    """Character → syllable."""
    rows = (line.split() for line in FILE.read_text(encoding="utf-8").splitlines())
    return {character: syllable for syllable, characters in rows for character in characters}


@cache
def syllables() -> frozenset[str]:
    return frozenset(readings().values())


def initials(text: str) -> str:
    """The first letters of the text's words, and of the syllables of its Chinese characters: bgsj for 办公时间."""
    of = readings()
    return "".join(of.get(one, one)[0] for one in re.findall(r"[a-z0-9]+|[^\W_]", text.casefold()))


class Reader:
    """Reads Chinese text aloud; `words` are those with readings of their own: word → syllables with blanks between."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = {word: text.split() for word, text in words.items()}
        longest_first = sorted(map(re.escape, words), key=len, reverse=True)
        self._spoken = re.compile("|".join(longest_first) or r"(?!)")

    def read(self, text: str) -> list[str]:
        """The syllables of the text's Chinese characters; other characters and unknown ones are passed over."""
        of = readings()
        if not self._spoken.search(text):
            return [of[one] for one in text if one in of]
        read, at = [], 0
        for found in self._spoken.finditer(text):
            read += [of[one] for one in text[at : found.start()] if one in of]
            read += self._words[found[0]]
            at = found.end()
        return read + [of[one] for one in text[at:] if one in of]


def cut(letters: str) -> list[str] | None:
    """Letters as the fewest syllables; None where they are none. What is still being typed may end the last one."""
    for typed in range(len(letters), max(len(letters) - MAX_SYLLABLE_LETTERS, 0), -1):
        rows = _cut(letters[:typed])
        rest = letters[typed:]
        if rows is not None and (not rest or any(one.startswith(rest) for one in syllables())):
            return [*rows, rest] if rest else rows
    return None


def _cut(letters: str) -> list[str] | None:
    best: list[list[str] | None] = [[], *[None] * len(letters)]
    for start in range(len(letters)):
        row = best[start]
        if row is None:
            continue
        for end in range(start + 1, min(start + MAX_SYLLABLE_LETTERS, len(letters)) + 1):
            kept = best[end]
            if letters[start:end] in syllables() and (kept is None or len(row) + 1 < len(kept)):
                best[end] = [*row, letters[start:end]]
    return best[-1]


class Spoken:
    """Phrases by their readings, one behind the other in a string, each with the number of its owner.

    A look through a string of two megabytes takes less than a millisecond, and no index could be as small.
    """

    def __init__(self) -> None:
        self._rows = StringIO()
        self.starts = array("I")
        self.owners = array("I")
        self.text = "\n"

    def add(self, owner: int, row: str) -> None:
        self.starts.append(self._rows.tell() + 1)
        self.owners.append(owner)
        self._rows.write(row + "\n")

    def close(self) -> None:
        """Nothing more is added."""
        self.text = "\n" + self._rows.getvalue()
        self._rows.close()

    def has(self, part: str) -> bool:
        return part in self.text

    def finds(self, part: str, most: int) -> Iterator[tuple[int, bool]]:
        """Who has a phrase with that part, at most so many finds, and whether the phrase begins with it."""
        part, at, text = part.removeprefix("\n"), -1, self.text
        begins = "\n" + part
        for _ in range(most):
            at = text.find(part, at + 1)
            if at < 0:
                return
            yield self.owners[bisect_right(self.starts, at) - 1], text.startswith(begins, at - 1)


def marked(read: Sequence[str]) -> str:
    """Syllables so that a part can only begin where one begins."""
    return MARK + MARK.join(read)


def slurred(syllable: str) -> str:
    """The syllable as much of the south says it: zh, ch, sh like z, c, s, and ang, eng, ing like an, en, in."""
    begun = syllable[0] + syllable[2:] if syllable[:2] in ("zh", "ch", "sh") else syllable
    return begun[:-1] if begun[-3:] in ("ang", "eng", "ing") else begun
