"""The code that is shown once for a tip, and is all that its sender has of it.

Twenty-two signs of chance (110 bits) and two check digits (ISO 7064 MOD 97-10, as in an IBAN): a slip in copying is
told before anything is looked up, so it is told apart from a code that is nobody's. The database has the SHA-256 alone.
Nothing slower or keyed is needed: 2^110 codes can't be tried, whoever has the hashes.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata

from banshi.contract import text_in
from banshi.errors import FieldProblem, InvalidFields

#: Crockford's base 32: no sign that is read as another (I, L, O), no U.
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

#: What people type for what they read.
MEANT = str.maketrans("ILO", "110")

#: Signs of chance, with the check digits, and of a group.
CHANCE, LENGTH, GROUP = 22, 24, 4

#: The longest text that can be a code: with blanks and dashes around each sign.
LONGEST = 96

WRONG = {
    "length": {
        "zh-CN": f"查询码共有{LENGTH}个字符，请检查是否多写或者漏写。",
        "en": f"A code has {LENGTH} signs, not counting dashes; compare it with your note.",
    },
    "signs": {
        "zh-CN": "查询码只有数字和英文字母（没有U），请检查。",
        "en": "A code has digits and letters without U; compare it with your note.",
    },
    "checksum": {
        "zh-CN": "查询码中至少有一个字符写错了，请与您的记录核对。",
        "en": "At least one sign of the code is wrong; compare it with your note.",
    },
}


def new_code() -> str:
    """A new code as people read it: 7K3M-9QXC-…, six groups of four."""
    from stdnum.iso7064 import mod_97_10

    chance = "".join(secrets.choice(SIGNS) for _ in range(CHANCE))
    code = chance + mod_97_10.calc_check_digits(chance)
    return "-".join(code[place : place + GROUP] for place in range(0, LENGTH, GROUP))


def read_code(text: str, language: str) -> str:
    """The code that somebody typed, without dashes. Raises InvalidFields for what can't be one, by itself alone."""
    from stdnum.iso7064 import mod_97_10

    # A Chinese keyboard writes full-width letters and digits.
    typed = unicodedata.normalize("NFKC", text).upper()
    code = "".join(sign for sign in typed if not sign.isspace() and unicodedata.category(sign) != "Pd").translate(MEANT)
    if len(code) != LENGTH:
        raise _wrong("length", language)
    if not set(code) <= set(SIGNS):
        raise _wrong("signs", language)
    if not mod_97_10.is_valid(code):
        raise _wrong("checksum", language)
    return code


def hash_of(code: str) -> str:
    """What the database has of a code, in hexadecimal digits; `code` is without dashes."""
    return hashlib.sha256(b"banshi tip\0" + code.encode()).hexdigest()


def _wrong(rule: str, language: str) -> InvalidFields:
    return InvalidFields([FieldProblem("/code", text_in(WRONG[rule], language), rule)])
