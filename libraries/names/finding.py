"""Finding names: surnames, and what stands before and behind somebody's name, of names.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path


@cache
def _rules() -> tuple[list[re.Pattern[str]], frozenset[str]]:
    told = tomllib.loads(Path(__file__).with_name("names.toml").read_text("utf-8"))
    sign = r"[\u4e00-\u67cf\u67d1-\u9fff]"  # but 某
    surname = f"(?:{'|'.join(told['double_surnames'])}|[{told['surnames']}])"
    latin = "|".join(told["pinyin"].split())
    before, behind, verbs = (f"(?:{'|'.join(told[name])})" for name in ("before", "behind", "verbs"))
    edge = r"[\s，。！？、；：:,.!?;“”\"'‘’（）()《》【】]"
    patterns = (
        rf"{before}[：:“‘\"是为]?(?P<name>{surname}{sign}{{1,2}})",
        rf"(?P<name>{surname}{sign}{{1,2}}){behind}",
        rf"(?:^|{edge})(?P<name>{surname}{sign}{{1,2}}){verbs}",
        rf"(?:^|{edge})(?P<name>{surname}{sign}{{2}})(?<![{told['endings']}])(?={edge}|$)",
        r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.? (?P<name>[A-Z][a-z]+(?: [A-Z][a-z]+)?)",
        rf"\b(?P<name>(?:{latin}) [A-Z][a-z]+|[A-Z][a-z]+ (?:{latin}))\b",
    )
    return [re.compile(one) for one in patterns], frozenset(told["words"])


def names_in(text: str) -> set[str]:
    """What in a text reads like a person's name."""
    patterns, words = _rules()
    found = {one["name"] for pattern in patterns for one in pattern.finditer(text)}
    return {name for name in found if name[:2] not in words}
