"""TOML and JSON that people write, and what they read where it is none: a character that only looks right, and such."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

from banshi.foundation.sentences import say

#: What an input method writes in place of ASCII and Unicode's own tables (NFKC) know nothing of.
MEANT = str.maketrans("“”„‟‘’【】〔〕。、", '""""\'\'[][].,')

SPACE = say("a space")

#: What tomllib's messages begin with → what to do.
TOML = tomllib.loads(Path(__file__).with_name("toml_advice.toml").read_text("utf-8"))

TRAILING_COMMA = re.compile(r",\s*(?=[}\]])")

#: Where tomllib says that it stopped.
PLACE = re.compile(r"at line (\d+), column (\d+)")


def lookalike(text: str, line: int, column: int) -> dict[str, str]:
    """What to write in place of the character at a place (both from 1) where a parser stopped; {} where it is ASCII."""
    found = "".join(text.split("\n")[line - 1 : line])[column - 1 : column]
    meant = unicodedata.normalize("NFKC", found.translate(MEANT))
    if found.isascii() or not meant.isascii():
        return {}
    told = f"U+{ord(found):04X}, {unicodedata.name(found, 'a character').lower()}"
    sign = meant if meant.strip() else SPACE
    return say("write {meant} in place of {found} ({told})", meant=sign, found=found, told=told)


def read_toml(file: Path) -> dict[str, Any]:
    """What somebody wrote as TOML. Raises OSError, and ValueError that says where it is none and what to write."""
    text = _text_of(file)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = PLACE.search(str(error))
        advice = next((f"; {advice}" for begin, advice in TOML.items() if str(error).startswith(begin)), "")
        meant = lookalike(text, int(place[1]), int(place[2])) if place else {}
        at = f"line {place[1]}, column {place[2]}" if place else ""
        raise ValueError(f"{at}: {meant['en']}" if meant else f"{error}{advice}") from None


def read_json(file: Path) -> Any:
    """What somebody wrote as JSON. Raises as `read_toml` does, and where a key stands twice."""
    text = _text_of(file)
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        # A comma too many is told where the bracket behind it is; from Python 3.13 on the parser stops at the comma.
        place = found.end() if (found := TRAILING_COMMA.match(text, error.pos)) else error.pos
        line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
        told = json_fault(text, line, column)
        at = f"line {line}, column {column}"
        raise ValueError(f"{at}: {told['en']}" if told else str(error)) from None


def _text_of(file: Path) -> str:
    """What somebody wrote, with or without the byte order mark of some editors. Raises ValueError if it isn't UTF-8."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(f"it is not in UTF-8 (line {line}): save it anew in that encoding") from None


def json_fault(text: str, line: int, column: int) -> dict[str, str]:
    """What to do about a place where a parser of JSON stopped; {} where that isn't known."""
    lines = text.split("\n")
    rest, before = lines[line - 1][column - 1 :], "\n".join([*lines[: line - 1], lines[line - 1][: column - 1]])
    if rest.startswith(("//", "/*", "#")):
        return say("remove the comment, which JSON has none of")
    if rest.startswith("'"):
        return say("write \" in place of '")
    if before.rstrip().endswith(",") and rest[:1] in {"}", "]"}:
        return say("remove the comma before {sign}", sign=rest[:1])
    return lookalike(text, line, column)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
        raise ValueError(f"write the key {twice!r} once: all but the last of them would be lost")
    return found
