"""Slip codes: with the number that was given they lead to what was filed. Neither says whether the other is right."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cached_property

from banshi import Key, NotFound, Platform, TooManyRequests
from banshi.sdk.limits import Limit, spend
from banshi.sdk.operations import write_private
from hotline.numbers import number_of
from hotline.sentences import say
from hotline.settings import SETTINGS
from hotline.tables.models import HotlineFiling

#: Digits of a code: they are read out, and typed on a telephone.
DIGITS = 8

#: In the keys folder. Whoever has the tables alone finds out no code by trying them all.
KEY_FILE = "hotline-slips.key"

#: For one number, right ones too: whoever counts the refused learns nothing.
TRIES = Limit("slips", 5, "%Y%m%d%H")

HOUR_S = 3600


class NoSlip(NotFound, code="no-such-slip", says=say):
    """There is nothing under this code and this number; look at both again."""


def number_in(platform: Platform, typed: str) -> str:
    """A number as it is kept; "" for a hidden one, and for none."""
    settings = platform[SETTINGS]
    return number_of(typed, settings.country, settings.area)


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

    async def found(self, typed: str, code: str) -> HotlineFiling:
        """What was filed under a number and a code. Raises NoSlip, and TooManyRequests whoever asks."""
        number = number_in(self._platform, typed)
        if not number:
            raise NoSlip
        if not await spend(self._platform, f"hotline:{self.hashed('tries', number)}", TRIES):
            raise TooManyRequests(headers={"Retry-After": str(HOUR_S)})
        digits = "".join(one for one in code if one.isdecimal())
        filing = await HotlineFiling.get_or_none(slip=self.hashed("slip", number, digits))
        if filing is None or filing.state == "withdrawn":
            raise NoSlip
        return filing

    @cached_property
    def _key(self) -> bytes:
        if not self._file.exists():
            write_private(self._file, secrets.token_bytes(32))
        return self._file.read_bytes()


SLIPS: Key[Slips] = Key("the hotline's slips")
