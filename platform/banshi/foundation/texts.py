"""Texts that people read: what no screen shows, how much of one there may be, and in which language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What no screen shows or no channel carries: control characters, half characters (surrogates), and the marks that turn
#: the direction of what follows, with which a reason could rewrite its surroundings. A tab is a blank.
UNSHOWN: dict[int, str | None] = dict.fromkeys(
    (
        *(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\n")),
        *range(0xD800, 0xE000),
        *(*range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    )
)
UNSHOWN[ord("\t")] = " "

#: As a pattern: at least one character that is still there once a text is clean. Spelled out: languages differ in `\s`.
SHOWN = r"[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028-\u202f\u205f\u2066-\u2069\u3000]"

#: Languages of one text; a plugin may have more than the platform.
MOST_LANGUAGES = 20


def clean(text: str) -> str:
    """`text` without what is never shown, its lines ended alike."""
    return "\n".join(text.splitlines()).translate(UNSHOWN).strip()


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, the last an ellipsis if it was cut, never in the midst of a sign."""
    if len(text) <= limit:
        return text
    import regex  # 50 ms, for what hardly ever happens

    end = 0
    for sign in regex.finditer(r"\X", text[:limit]):  # an extended grapheme cluster, Unicode Standard Annex 29
        if sign.end() > limit - 1:
            break
        end = sign.end()
    # One sign of more characters than the limit is no language's.
    return text[: end or limit - 1].rstrip() + "…"


def bounded(told: object, longest: int) -> str | dict[str, str]:
    """What somebody's code says, a text or one for each language, clean and with so many characters at most.

    What is neither is "": whatever it is, its author did not mean it for people to read.
    """
    if isinstance(told, str):
        # No more is cleaned than can be kept: a text of megabytes would hold everybody up.
        return cut(clean(told[: longest * 2]), longest)
    if not isinstance(told, Mapping):
        return ""
    texts = list(told.items())[:MOST_LANGUAGES]
    kept = {tag: bounded(text, longest) for tag, text in texts if isinstance(tag, str) and isinstance(text, str)}
    return {tag[:35]: text for tag, text in kept.items() if isinstance(text, str) and text} or ""


def spoken(told: str | Mapping[str, str], language: str) -> str:
    """The text in a language; in another one where it has none, since that is better than nothing."""
    if isinstance(told, str):
        return told
    primary = language.partition("-")[0]
    kin = (text for tag, text in told.items() if tag.partition("-")[0] == primary)
    return told.get(language) or next(kin, "") or told.get("en") or next(iter(told.values()), "")


def masked(value: Any) -> Any:
    """So much of a text that its owner knows it again: the first sign, or the first three and the last four."""
    if isinstance(value, list | tuple):
        return [masked(one) for one in value]
    text = str(value)
    if len(text) < 10:
        return text[:1] + "*" * (len(text) - 1)
    return text[:3] + "*" * (len(text) - 7) + text[-4:]
