"""The code that is shown once for a tip, and is all that its sender has of it.

Twenty-two signs of chance (108 bits) and two check signs. With each sign as its place in `SIGNS`, all of them add up to
a multiple of 31, and so they do when each is multiplied by its position: a slip of one sign or two, or two that
changed places, is always told, before anything is looked up, and so told apart from a code that is nobody's.

The database has the SHA-256 alone. Nothing slower or keyed is needed: even who has the hashes can't try 2^108 codes.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence

from banshi.foundation.errors import FieldProblem, InvalidFields
from banshi.kinds.sentences import say

#: No sign that is read as another (0 and O, I and L) and no U: 31 of them, a prime number.
SIGNS = "123456789ABCDEFGHJKMNPQRSTVWXYZ"

#: What people type for a 1.
MEANT = str.maketrans("IL", "11")

#: Signs of chance, with the check signs, and of a group.
CHANCE_SIGNS, CODE_SIGNS, GROUP_SIGNS = 22, 24, 4

#: The longest text that can be a code: with blanks and dashes around each sign.
MAX_TYPED_SIGNS = 96

WRONG = {
    "length": say("A code has {signs} signs, not counting dashes; compare it with your note.", signs=CODE_SIGNS),
    "signs": say("A code has digits and letters without 0, O and U; compare it with your note."),
    "checksum": say("At least one sign of the code is wrong; compare it with your note."),
}


def new_code() -> str:
    """A new code as people read it: 7K3M-9QXC-…, six groups of four."""
    chance = [secrets.randbelow(len(SIGNS)) for _ in range(CHANCE_SIGNS)]
    total, weighted = _sums(chance)
    # The two that make both sums multiples, at the last two positions.
    last = (CHANCE_SIGNS + 1) * total - weighted
    code = "".join(SIGNS[value % len(SIGNS)] for value in (*chance, -total - last, last))
    return "-".join(code[place : place + GROUP_SIGNS] for place in range(0, CODE_SIGNS, GROUP_SIGNS))


def read_code(text: str) -> str:
    """The code that somebody typed, without dashes. Raises InvalidFields for what can't be one, by itself alone."""
    # A Chinese keyboard writes full-width letters and digits.
    typed = unicodedata.normalize("NFKC", text).upper()
    code = "".join(sign for sign in typed if not sign.isspace() and unicodedata.category(sign) != "Pd").translate(MEANT)
    if len(code) != CODE_SIGNS:
        raise _wrong("length")
    if not set(code) <= set(SIGNS):
        raise _wrong("signs")
    if any(one % len(SIGNS) for one in _sums([SIGNS.index(sign) for sign in code])):
        raise _wrong("checksum")
    return code


def _sums(values: Sequence[int]) -> tuple[int, int]:
    """The sum, and the sum of each multiplied by its position from 1 on."""
    return sum(values), sum(position * value for position, value in enumerate(values, 1))


def hash_of(code: str) -> str:
    """What the database has of a code, in hexadecimal digits; `code` is without dashes."""
    return hashlib.sha256(b"banshi tip\0" + code.encode()).hexdigest()


def _wrong(rule: str) -> InvalidFields:
    return InvalidFields([FieldProblem("/code", WRONG[rule], rule)])
