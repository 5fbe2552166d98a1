"""A form's patterns are ECMA-262's with the flag `u`, as far as linear time allows; `regex` matches them here."""

from __future__ import annotations

from functools import lru_cache

import regex

_SPACE = "\\t-\\r \\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": _SPACE}


def is_met(pattern: str, text: str) -> bool:
    """Whether a text meets a pattern. One that can't be read here is the platform's to judge."""
    compiled = _compiled(pattern)
    return compiled is None or compiled.search(text) is not None


@lru_cache(maxsize=1_000)
def _compiled(written: str) -> regex.Pattern[str] | None:
    """The pattern with ASCII's digits and word characters, and `$` at the very end alone."""
    out, inside, place = [], False, 0
    while place < len(written):
        sign = written[place : place + 2] if written[place] == "\\" else written[place]
        place += len(sign)
        letter = sign[1:]
        if letter in _CLASSES:
            sign = _CLASSES[letter] if inside else f"[{_CLASSES[letter]}]"
        elif letter and letter.lower() in _CLASSES and not inside:
            sign = f"[^{_CLASSES[letter.lower()]}]"
        elif sign in ("[", "]"):
            inside = sign == "["
        elif not inside and sign in ("$", "."):
            sign = {"$": "\\Z", ".": "[^\\n]"}[sign]
        out.append(sign)
    try:
        return regex.compile("".join(out), regex.VERSION0)
    except regex.error:
        return None
