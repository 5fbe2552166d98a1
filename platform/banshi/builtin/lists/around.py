"""Divisions that lie in one another: what is said of a city is said of its districts."""

from __future__ import annotations

from collections.abc import Sequence

from banshi.builtin.lists.reading import entries, plain_sound
from banshi.kernel.contract.texts import LANGUAGES


def divisions_meet(one: str, other: str) -> bool:
    """Whether a division (GB/T 2260, six digits) lies in the other, or the other in it."""
    return one.startswith(_within(other)) or other.startswith(_within(one))


def divisions_around(code: str) -> Sequence[str]:
    """The divisions that lie in one, or around it, and itself."""
    return [one for one in entries("divisions") if divisions_meet(one, code)]


def division_named(words: str) -> str | None:
    """The division whose code or name somebody has written; None where there is none, or several of that name."""
    asked = plain_sound(words)
    named = entries("divisions").items()
    whole = [code for code, one in named if asked in (code, plain_sound(one.full_names[LANGUAGES[0]]))]
    found = whole or [code for code, one in named if asked in one.own]
    return found[0] if len(found) == 1 else None


def _within(division: str) -> str:
    """What the codes of all districts begin with that lie in a division: `5107` of 510700."""
    return division.removesuffix("00").removesuffix("00")
