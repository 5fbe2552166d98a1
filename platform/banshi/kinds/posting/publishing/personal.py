"""What doesn't belong into a public text: numbers of telephones, documents and cards, and addresses of e-mail.

Whoever wants to answer writes through the platform. A number that is public stays with whoever has copied it, and a
document's or card's whole number is what its owner would have to know to prove that it is theirs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from banshi.forms.numbers import is_resident_id
from banshi.kinds.sentences import say

#: Digits as people write them so that no program finds them.
SPELLED = str.maketrans("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "00123456789" + "1" + "123456789")

#: Categories of signs that nobody sees, or that stand on another: control, format, marks.
UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me"})

EMAIL = re.compile(r"[\w.+-]{1,64}\s?@\s?[\w-]{1,63}(\s?\.\s?[\w-]{1,63})+")

#: Digits with what people put between them; a letter may end a citizen's number.
RUN = re.compile(r"\+?[0-9](?:[\s._·•/()—–-]{0,3}[0-9]){5,40}X?", re.IGNORECASE)

MOBILE = re.compile(r"(?:00?86|86)?1[3-9][0-9]{9}")
LANDLINE = re.compile(r"(?:00?86|86)?0[1-9][0-9]{8,10}|[48]00[0-9]{7}")
#: A number behind such a word is one to call, however short, and a name behind such a one is one to write to.
CALL = re.compile(
    r"(?:电话|手机号码?|热线|致电|拨打|联系方式|\btel\b|\bcall\b|\bring\b)\W{0,6}[0-9](?:[\s-]?[0-9]){5,}",
    re.IGNORECASE,
)
WRITE = re.compile(
    r"(?:微信|wechat|weixin|whatsapp|telegram|\bqq)(?:号|\s?id)?\W{0,6}(?=[A-Z_-]*[0-9_])[A-Z0-9_-]{5,}", re.IGNORECASE
)
#: A day is no number of anything.
DAY = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}\s?([-./年])\s?[0-9]{1,2}\s?[-./月]\s?[0-9]{1,2}(?![0-9])")
#: Passports and permits: a letter or two, then their digits.
TRAVEL = re.compile(r"(?<![A-Z0-9])(?:[DEGHMPS][0-9]{8}|E[A-HJ-NP-Z][0-9]{7})(?![A-Z0-9])", re.IGNORECASE)
#: A citizen's number of before 2004: division, day of birth, sequence.
OLD_RESIDENT = re.compile(r"[1-8][0-9]{5}[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}")

#: What each find is told as.
DETAILS: Mapping[str, Mapping[str, str]] = {
    "phone": say(
        "Take the phone number out: whoever answers writes to you through the platform, and no number is shown."
    ),
    "email": say("Take the e-mail address out: whoever answers writes to you through the platform."),
    "document-number": say(
        "Take the number of the document, card or device out: others could use it, and its owner has to know it."
    ),
}


def personal_in(text: str) -> set[str]:
    """What of all this a text has: "phone", "email", "document-number"."""
    plain = _plain(text)
    kinds = {"email"} if EMAIL.search(plain) else set()
    kinds |= {"document-number"} if TRAVEL.search(plain) else set()
    kinds |= {"phone"} if CALL.search(plain) or WRITE.search(plain) else set()
    return kinds.union(*map(_kinds_in, RUN.findall(DAY.sub("\n\n\n\n", plain))))


def _plain(text: str) -> str:
    """The text as it is read: every digit a usual one, and nothing between signs that isn't seen."""
    told = []
    for sign in unicodedata.normalize("NFKC", text):
        # ❶ and ١ are digits too, and a keycap is a digit with a frame around it.
        digit = unicodedata.digit(sign, None)
        if digit is not None:
            told.append(str(digit))
        elif sign == "\n" or unicodedata.category(sign) not in UNSEEN:
            told.append(sign)
    return "".join(told).translate(SPELLED)


def _kinds_in(run: str) -> set[str]:
    """What a run of digits is, or what is left of it where its first groups are another number: a price, a year."""
    groups = re.findall(r"[0-9]+X?", run.upper())
    tails = ("".join(groups[first:]) for first in range(len(groups)))
    return next(filter(None, map(_kind, tails)), set())


def _kind(run: str) -> set[str]:
    """What digits without anything between them are or have in them."""
    from stdnum import luhn

    for length in (18, 15):
        parts = (run[at : at + length] for at in range(len(run) - length + 1))
        if any(is_resident_id(part) if length == 18 else OLD_RESIDENT.fullmatch(part) for part in parts):
            return {"document-number"}
    # Cards have 16 to 19 digits and a phone's own number 15: all with the same check digit (ISO/IEC 7812).
    if 15 <= len(run) <= 19 and run.isdigit() and luhn.is_valid(run):
        return {"document-number"}
    if MOBILE.fullmatch(run) or LANDLINE.fullmatch(run):
        return {"phone"}
    # Somebody may have written other digits before it or behind.
    return {"phone"} if len(run) > 11 and re.search(r"1[3-9][0-9]{9}", run) else set()
