"""Slip codes: with the number that was given they lead to what was filed. Neither says whether the other is right."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cached_property

from banshi import Key, NotFound, Platform, Principal, TooManyRequests
from banshi.sdk.limits import RATES, Limit, spend, used
from banshi.sdk.operations import kept_key
from hotline.numbers import number_of
from hotline.sentences import say
from hotline.settings import SETTINGS
from hotline.tables.models import HotlineFiling

#: Digits of a code: they are read out, and typed on a telephone.
DIGITS = 8

#: In the keys folder. Whoever has the tables alone finds out no code by trying them all.
KEY_FILE = "hotline-slips.key"

HOUR, HOUR_S = "%Y%m%d%H", 3600

#: For one number, right ones too: whoever counts the refused learns nothing. Citizens and staff each have theirs, so
#: that no stranger keeps an operator from what a caller asks for. A code that was right is free for whoever had it so.
TRIES, RIGHT = Limit("slips", 5, HOUR), Limit("slips-right", 1, HOUR)

#: Wrong ones of one account or operator, whatever the number.
WRONG = Limit("slips-wrong", 10, HOUR)


class NoSlip(NotFound, code="no-such-slip", says=say):
    """There is nothing under this code and this number; look at both again."""


def number_in(platform: Platform, typed: str) -> str:
    """A number as it is kept; "" for a hidden one, and for none."""
    settings = platform[SETTINGS]
    return number_of(typed, settings.country, settings.area)


def digits_of(code: str) -> str:
    return "".join(one for one in code if one.isdecimal())


class Slips:
    """Makes codes and finds what they lead to. Kept is a keyed hash of number and code together."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._file = platform, platform.settings.keys_folder / KEY_FILE

    def hashed(self, *parts: str) -> str:
        return hmac.digest(self._key, "\0".join(parts).encode(), hashlib.sha256).hex()

    def made(self, number: str) -> tuple[str, str]:
        """A new code, and what is kept of it."""
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        return code, self.hashed("slip", number, code)

    async def found(self, who: Principal, typed: str, code: str) -> HotlineFiling:
        """What was filed under a number and a code. Raises NoSlip, and TooManyRequests whoever asks."""
        number, platform = number_in(self._platform, typed), self._platform
        if not number:
            raise NoSlip
        slip = self.hashed("slip", number, digits_of(code))
        right = f"hotline:{self.hashed('right', who.subject, slip)}"
        pot = f"hotline:{self.hashed('tries', 'staff' if who.is_staff else 'citizens', number)}"
        is_free = await used(platform, right, RIGHT)
        if await used(platform, self._of(who), WRONG) >= WRONG.most or not (is_free or await self._try(pot)):
            raise TooManyRequests(headers={"Retry-After": str(HOUR_S)})
        filing = await HotlineFiling.get_or_none(slip=slip)
        if filing is None or filing.state == "withdrawn":
            await self.was_wrong(who)
            raise NoSlip
        await spend(platform, right, RIGHT)
        return filing

    async def _try(self, pot: str) -> bool:
        """In the last hour, as this process or all of them know it; and in that of the clock, which nobody forgets."""
        waits = await self._platform[RATES].wait(pot, TRIES.most, HOUR_S)
        return not waits and await spend(self._platform, pot, TRIES)

    async def was_wrong(self, who: Principal) -> None:
        """Count a wrong code of theirs."""
        await spend(self._platform, self._of(who), WRONG)

    def _of(self, who: Principal) -> str:
        return f"hotline:{self.hashed('who', who.subject)}"

    def binding(self, filing: HotlineFiling, who: Principal) -> str:
        """The code by which an account binds a filing: it is told to the number alone, and no operator knows it."""
        return f"{int(self.hashed('bind', str(filing.id), who.subject)[:16], 16) % 10**DIGITS:0{DIGITS}}"

    @cached_property
    def _key(self) -> bytes:
        return kept_key(self._file)


SLIPS: Key[Slips] = Key("the hotline's slips")
