"""Words that are always understood, and words of danger: `commands.toml` has them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from questions.spelling import number_in, plain

_CHANGE = re.compile(r"(?:改|修改|更改|change|edit)\s*(?:第)?\s*(.{1,12}?)\s*(?:项|个|条)?")
#: What the signed-in app shows, as people type it.
_EIGHT = re.compile(r"[0-9]{4}[ -]?[0-9]{4}")
#: A guide, of what is named before or behind the word.
_GUIDE = re.compile(r"(?:办事)?指南[ :]*(.*)|(.+?)的?(?:办事)?指南|guide(?:[ :]+(?:to |of |for )?(.+))?")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ENGLISH = re.compile(r"[A-Za-z]{2}")


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("commands.toml").read_text("utf-8"))


@cache
def _commands() -> Mapping[str, tuple[str, str]]:
    told = {word: (name, "") for name, words in _data()["commands"].items() for word in words}
    return told | {word: ("language", tag) for tag, words in _data()["languages"].items() for word in words}


def command_in(text: str) -> tuple[str, str] | None:
    """The command that a text is, with what it is about; None where it is none."""
    told = plain(text) or text.strip()
    if found := _commands().get(told):
        return found
    if _EIGHT.fullmatch(told):
        return "digits", told.replace(" ", "").replace("-", "")
    if (change := _CHANGE.fullmatch(told)) and (number := number_in(change[1])) is not None:
        return "change", str(number)
    if guide := _GUIDE.fullmatch(told):
        return "guide", next(filter(None, guide.groups()), "").strip()
    return None


def danger_in(text: str) -> Mapping[str, str] | None:
    """What to do at once, by language, where a text speaks of a life or of a crime that is going on."""
    told = plain(text)
    return next((one for one in _data()["danger"] if any(word in told for word in one["words"])), None)


def language_in(text: str) -> str:
    """The language of a text, "" where it could be either."""
    if _CHINESE.search(text):
        return "zh-CN"
    return "en" if _ENGLISH.search(text) else ""
