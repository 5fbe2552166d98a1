"""The lists as `tools/make_lists.py` has written them, and how one is searched."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from banshi.builtin.sentences import say
from banshi.kernel.contract.texts import LANGUAGES

#: Found at most; whoever sees so many types another letter.
MAX_FOUND = 50

#: No nationality of anybody: people of there have China's.
NOT_NATIONALITIES = frozenset({"HKG", "MAC", "TWN"})
#: Not ISO's: what stands in the travel documents of people without a nationality (ICAO 9303, part 3).
STATELESS = "XXA"

#: Tones are marks of their own, once they are taken apart from their letters.
_UNHEARD = re.compile(r"[\s'’·,，、.\u0300-\u036f-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One choice, with its name in each language."""

    code: str
    names: Mapping[str, str]
    #: The names with those of what is around it: 四川省绵阳市涪城区.
    full_names: Mapping[str, str]
    #: The code of the division around it.
    within: str
    #: What a search looks through: its own names, and all of it.
    own: tuple[str, ...]
    sound: str


def plain_sound(text: str) -> str:
    """A name as it is typed: no tones, no capitals, nothing between the syllables."""
    return _UNHEARD.sub("", unicodedata.normalize("NFKD", text).casefold())


def letters(name: str) -> str:
    """The same without what a chat leaves out of a name, such as brackets."""
    return re.sub(r"\W", "", plain_sound(name))


@cache
def entries(name: str) -> Mapping[str, Entry]:
    """Code → entry, in the list's order."""
    rows = [line.split("\t") for line in Path(__file__).with_name(f"{name}.txt").read_text("utf-8").splitlines()]
    known: dict[str, Entry] = {}
    for code, chinese, english in rows:
        # A county stands behind its prefecture in the file, and that behind its province.
        around = next((known[one] for one in _around(code) if one in known), None) if name == "divisions" else None
        names = full_names = dict(zip(LANGUAGES, (chinese, english), strict=False))
        own = chinese_heard, english_heard = plain_sound(chinese), plain_sound(english)
        told = f"{code.casefold()} {chinese_heard} {english_heard}"
        if around:
            full_names = say("{name}, {around}", name=names, around=around.full_names)
            told += f" {around.sound} {''.join(full_names[LANGUAGES[0]].split())}"
        known[code] = Entry(code, names, full_names, around.code if around else "", own, told)
    return known


def _around(code: str) -> Iterator[str]:
    """What may be around a division, the nearest first: GB/T 2260 has two digits each for province and prefecture."""
    yield from (whole for whole in (f"{code[:4]}00", f"{code[:2]}0000") if whole != code)


def prefix(code: str) -> str:
    """What the codes of all divisions in one begin with."""
    return code.removesuffix("00").removesuffix("00")


#: The lists whose entries have one name each wherever they are read, by the routes that forms name.
ADDRESSES = {
    "/v1/lists/countries": "countries",
    "/v1/lists/nationalities": "countries",
    "/v1/lists/peoples": "peoples",
    "/v1/lists/divisions": "divisions",
}


@cache
def names_of(address: str) -> Mapping[str, Mapping[str, str]]:
    """Code → its whole name in each language, of the list that a form chooses from; nothing of one that isn't ours."""
    name = ADDRESSES.get(address.partition("?")[0])
    return {code: one.full_names for code, one in entries(name).items()} if name else {}


@cache
def divided() -> Mapping[str, list[Entry]]:
    """The divisions that have others in them, with those right in each; the provinces are in ""."""
    inside: dict[str, list[Entry]] = {}
    for one in entries("divisions").values():
        inside.setdefault(one.within, []).append(one)
    return inside


def found(choices: list[Entry], words: str) -> list[Entry]:
    """Those that all of the words fit, those whose name begins with the first of them in front."""
    asked = [one for word in words.split() if (one := plain_sound(word))]
    for word in asked:
        choices = [one for one in choices if word in one.sound]
    if asked:
        choices = sorted(choices, key=lambda one: not any(name.startswith(asked[0]) for name in one.own))
    return choices[:MAX_FOUND]


def divisions_meet(one: str, other: str) -> bool:
    """Whether a division (GB/T 2260, six digits) lies in the other, or the other in it."""
    return one.startswith(prefix(other)) or other.startswith(prefix(one))


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
