"""What holds a record back: numbers of people, and what reads like a person's name.

A claim that names somebody goes on going around under the department's own title. Names are found by where they stand:
behind "the driver", before "Ms" or "was arrested", alone between two commas. What is found wrongly its author says to
be no name, and the second person reads that as well. 某 (somebody) in place of a name is how notices have it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from banshi import FieldProblem
from banshi.sdk.cases import personal_in
from refutations.sentences import say

#: The members that people read as they are.
TEXTS = ("about", "claim", "where", "finding", "checked_by", "checked_how", "facts", "handling")


@cache
def _patterns() -> tuple[list[re.Pattern[str]], frozenset[str]]:
    import tomllib

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
        rf"(?:^|{edge})(?P<name>{surname}{sign}{{2}})(?={edge}|$)",
        r"\b(?:Mr|Mrs|Ms|Miss|Dr)\.? (?P<name>[A-Z][a-z]+(?: [A-Z][a-z]+)?)",
        rf"\b(?P<name>(?:{latin}) [A-Z][a-z]+|[A-Z][a-z]+ (?:{latin}))\b",
    )
    return [re.compile(one) for one in patterns], frozenset(told["words"])


def names_in(text: str) -> set[str]:
    """What in a text reads like a person's name."""
    patterns, words = _patterns()
    found = {one["name"] for pattern in patterns for one in pattern.finditer(text)}
    return {name for name in found if name[:2] not in words}


def personal_problems(words: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """Why an edition is held back, each at its place."""
    known = frozenset(words.get("names_nobody", ()))
    for pointer, text in _texts(words):
        if personal_in(text):
            told = say("It is held back: a telephone, e-mail or document number is in it. Take it out.")
            yield FieldProblem(pointer, told, "personal")
        if names := sorted(names_in(text) - known):
            told = say(
                "It is held back: {names} reads like a person's name. Take it out; if it is none, say so below.",
                names="、".join(names),
            )
            yield FieldProblem(pointer, told, "names-a-person")


def _texts(words: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text that people read, once, with its pointer."""
    for name in TEXTS:
        told = words.get(name, "")
        if isinstance(told, str):
            yield f"/{name}", told
        else:
            yield from ((f"/{name}/{tag}", text) for tag, text in told.items())
    for place, source in enumerate(words.get("sources", ())):
        yield f"/sources/{place}/title", source["title"]
