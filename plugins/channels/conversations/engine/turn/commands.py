"""Words that are always understood: `commands.toml` has them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from conversations.engine.turn import small_talk
from questions.spelling import made_of, plain

#: Parts of a guide that are asked for, and all that is said of the item or the case that is talked of.
PARTS = frozenset({"materials", "fee", "time", "where"})
ABOUT = PARTS | {"why", "withdraw"}
#: What somebody does by a word alone.
WORDS = frozenset({"back", "cancel", "restart", "continue", "later", "person", "progress", "menu", "withdraw"})
#: What the signed-in app shows, as people type it.
_DIGITS = re.compile(r"[0-9](?:[ -]?[0-9]){9}")
#: A guide, of what is named before or behind the word.
_GUIDE = re.compile(r"(?:办事)?指南[ :]*(.*)|(.+?)的?(?:办事)?指南|guide(?:[ :]+(?:to |of |for )?(.+))?")
#: Where somebody is at home.
_HOME = re.compile(r"(?:我的(?:区县|地区)是|我家?住在?|我家在)[ :]*(.+)|(?:my district is|i live in)[ :]*(.+)")
#: What somebody wants to be told of, or of which kind no more.
_WISHES = {
    "unfollow": r"(?:取消关注|不再关注|不关注了?)[ :]*(.+)|(?:unfollow|stop following)[ :]+(.+)",
    "follow": r"(?:我要|我想|帮我)?关注[ :]*(.+)|follow[ :]+(.+)",
    "mute": r"(?:别再?|不要再?|停止)(?:给我)?(?:发送?|推送?)[ :]*(.+?)了?|mute[ :]+(.+)",
    "unmute": r"(?:继续|恢复)(?:给我)?(?:发送?|推送?)[ :]*(.+)|unmute[ :]+(.+)",
}
#: Letters of a word that is obeyed at once, also where any words may be the answer.
SHORT_CHINESE, SHORT_ENGLISH = 4, 13
#: Letters of a message that is made of such words.
LONGEST = 40
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_ENGLISH = re.compile(r"[A-Za-z]{2}")


_DATA = tomllib.loads(Path(__file__).with_name("commands.toml").read_text("utf-8"))
_COMMANDS = {word: ("talk", name) for word, name in small_talk.WORDS.items()}
_COMMANDS |= {word: (name, "") for name, words in _DATA["commands"].items() for word in words}
_COMMANDS |= {word: ("language", tag) for tag, words in _DATA["languages"].items() for word in words}
#: The same without blanks, for messages that are made of them; a greeting in front means nothing.
_SOLID = {word.replace(" ", ""): one for word, one in _COMMANDS.items() if len(word) > 1}


def exact(text: str) -> tuple[str, str] | None:
    """The command that a text is by one of its own words."""
    return _COMMANDS.get(plain(text) or text.strip())


def is_short(text: str) -> bool:
    """Whether a text is one of the short words, which nobody means for anything else."""
    return exact(text) is not None and len(plain(text)) <= (SHORT_CHINESE if _CHINESE.search(text) else SHORT_ENGLISH)


def command_in(text: str) -> tuple[str, str] | None:
    """The command that a text is, with what it is about; None where it is none."""
    if found := exact(text):
        return found
    told = plain(text)
    if _DIGITS.fullmatch(told):
        return "digits", told.replace(" ", "").replace("-", "")
    if guide := _GUIDE.fullmatch(told):
        return "guide", next(filter(None, guide.groups()), "").strip()
    for wish, pattern in _WISHES.items():
        if wished := re.fullmatch(pattern, told):
            return wish, next(filter(None, wished.groups())).strip()
    if len(told) > LONGEST:
        return None
    if home := _HOME.fullmatch(told):
        return "home", next(filter(None, home.groups())).strip()
    words = [_SOLID[one] for one in made_of(told, _SOLID, _DATA["fillers"]["words"]) or ()]
    own = {one for one in words if one[0] not in ("menu", "talk")} or set(words[-1:])
    return own.pop() if len(own) == 1 else None


def word_for(command: str, language: str) -> str:
    """What somebody writes for a command; in English where the language has no word for it."""
    words = _DATA["commands"]["cancel" if command == "withdraw" else command]
    first = {language_in(word): str(word) for word in reversed(words)}
    return first.get(language, first["en"])


def language_in(text: str) -> str:
    """The language of a text, "" where it could be either."""
    if _CHINESE.search(text):
        return "zh-CN"
    return "en" if _ENGLISH.search(text) else ""
