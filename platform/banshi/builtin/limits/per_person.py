"""What one person may create: so much at once, and so much a day.

Each process counts the minute for itself; the day is counted by all together where they share a Redis. Staff work with
what others handed in, and programs have rates of their own: neither is counted here.
"""

from __future__ import annotations

import hashlib
import math

from banshi.builtin.limits.rates import RATES
from banshi.builtin.sentences import say
from banshi.foundation.errors import TooManyRequests
from banshi.kernel.contract.principals import Principal
from banshi.kernel.runtime.running import Platform

#: Seconds within which a burst comes, and those of a day.
BURST_S, DAY_S = 60, 86_400

TOO_FAST = (
    "You have handed in {most} requests within a minute, as many as may be. This one was not taken: send it again, as"
    " it is, in {seconds} seconds."
)
TOO_MUCH = (
    "You have handed in {most} requests within a day, as many as may be. This one was not taken: send it again, as it"
    " is, in {minutes} minutes, or come to the counter if it can't wait."
)


async def one_more(platform: Platform, principal: Principal) -> None:
    """Count one thing that somebody creates. Raises TooManyRequests."""
    if principal.is_staff or principal.client is not None:
        return
    rates, counted = platform.settings.rates, platform[RATES]
    # Whoever is to be forgotten is not written into Redis.
    person = "created." + hashlib.blake2b(principal.subject.encode(), digest_size=16).hexdigest()
    if wait := counted.alone.wait(person, rates.burst, BURST_S):
        raise _later(TOO_FAST, rates.burst, wait)
    if wait := await counted.wait(person, rates.day, DAY_S):
        raise _later(TOO_MUCH, rates.day, wait)


def _later(told: str, most: int, wait: float) -> TooManyRequests:
    words = say(told, most=most, seconds=math.ceil(wait), minutes=math.ceil(wait / 60))
    return TooManyRequests(words, headers={"Retry-After": str(math.ceil(wait))})
