"""What somebody says to be wrong among answers that they read once more: which of them, and what it should be."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from questions.days import day_in, half_in, weekend_in
from questions.plan import Node, choices, sort_of
from questions.spelling import number_in, plain, spellings

#: Names that people have for one thing, whatever its title in the form is.
_ALIKE = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))["alike"]["names"]
_WRONG = re.compile(
    r"改|错|不对|有误|换|重填|不是|打反|写反|搞混|最后.{0,2}位|第.位|尾号|\b(?:wrong|change|edit|correct|mistake|incorrect|isnt|not)\b|n't\b"
)
_RIGHT = re.compile(
    r"(?:不用|不要|不必|无需|不需要|别|没有?|不想)再?(?:修?改|换|写错|填错|错)|\bno (?:change|mistake)|not wrong"
)
#: The same, whether or not it says what.
_SURELY = re.compile(r"改|错|不对|有误|重填|打反|写反|搞混|\b(?:wrong|change|edit|mistake|incorrect)\b")
_NUMBER = re.compile(
    r"(?:改|修改|更改|change|edit|line)?\s*(?:第|line)?\s*([0-9一二两三四五六七八九十]{1,3})\s*(?:项|个|条|行)?\s*(?:填|写)?"
    r"(?:错了?|不对|有误|改一下|要改|改|is wrong)?"
)
_TO = re.compile(
    r".*?(?:改成|改为|换成|换为|改到|换(?=[上下]午|下?周|[明后]天|\d)|应该是|应该为|应是|应为|实际是|其实是|不是[^,，;；。是]{1,20}是"
    r"|(?:[,，;；。 ]|不对|错了)(?:它|这个)?是|\bto\b|should be)"
    r"\s*[:：]?\s*((?!(?:错|不对|改)).+)",
    re.DOTALL,
)
#: A line's number with what it should be: 改2 王小明, 改第2项为王小明.
_LINE_TO = re.compile(r"(?:改|修改|更改|change|edit)\s*(?:第)?\s*[0-9]{1,2}\s*(?:项|个|条)?\s*[为成:,， ]\s*(.+)")
#: What of a title says nothing by which it could be told from others.
_COMMON = re.compile(r"[(（].*?[)）]|您的|你的|本人|是否|请|的|\byour\b|\bthe\b")
#: Letters that a name and a title have in common at least: of Chinese, and of others.
MOST_CHARS, CHINESE_CHARS, OTHER_CHARS = 60, 2, 4


@dataclass(frozen=True, slots=True)
class Correction:
    """Which answer is wrong: its pointer, "" where it isn't clear, None for a number that no line has."""

    pointer: str | None
    #: What it should be, as they say it.
    value: str = ""
    #: Whether they wrote what is written for it: 改2.
    is_plain: bool = False


def correction_in(text: str, lines: Sequence[tuple[str, str]]) -> Correction | None:
    """What a text says to be wrong, of answers by pointer and title in the order of their numbers; None for nothing."""
    told = plain(text)
    if len(told) > MOST_CHARS or _RIGHT.search(told) or not _WRONG.search(told):
        return None
    to = _TO.fullmatch(told) or _LINE_TO.fullmatch(told)
    value = to[1] if to else ""
    head = told[: to.start(1)] if to else told
    if (numbered := _NUMBER.fullmatch(re.sub(r"(?:改?[成为:,， ]|to)+$", "", head).strip())) and (
        at := number_in(numbered[1])
    ):
        return Correction(lines[int(at) - 1][0] if at <= len(lines) else None, value, head[0] in "改修更ce")
    likely = [(_shared(head, plain(title)), pointer) for pointer, title in lines]
    best = max((size for size, _ in likely), default=0)
    found = [pointer for size, pointer in likely if size == best]
    if not best and not value and not _SURELY.search(told):
        return None
    return Correction(found[0] if best and len(found) == 1 else "", value)


def value_in(
    text: str, leaves: Iterable[tuple[str, Node, Any]], now: datetime, problem: Callable[[str, str], str | None]
) -> Correction | None:
    """What a text is the new value of, by itself: the one answer whose field takes it, and not just any words."""
    taking = [at for at, node, _ in leaves if _takes(at, node, text, now, problem)]
    return Correction(taking[0], text) if len(taking) == 1 else None


def _takes(pointer: str, node: Node, text: str, now: datetime, problem: Callable[[str, str], str | None]) -> bool:
    match sort_of(node):
        case "choice":
            return plain(text) in [plain(words) for _, words in choices(node)]
        case "day":
            return day_in(text, now.date()) is not None
        case "listed" if "begins" in node["x-choices"]:
            return bool(day_in(text, now.date()) or half_in(text) or weekend_in(text, now.date()))
        case "text" if node.keys() & {"format", "pattern"}:
            return any(problem(pointer, one) is None for one in spellings(text))
    return False


def _shared(head: str, title: str) -> int:
    """How many letters of a title a text has; 0 where it may be by chance."""
    head, title = _COMMON.sub("", head), _COMMON.sub("", title)
    if title and title in head:
        return 100 + len(title)
    both = SequenceMatcher(None, head, title).find_longest_match()
    shared = head[both.a : both.a + both.size].strip()
    if len(shared) >= (CHINESE_CHARS if max(shared, default="") >= "\u4e00" else OTHER_CHARS):
        return 10 + len(shared)
    return int(any(any(one in head for one in names) and any(one in title for one in names) for names in _ALIKE))
