"""How many phones are taken of whom nothing is known: counted in memory, by each process."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from aiohttp import web

from banshi import Answer, Key, TooManyRequests
from banshi.sdk.http import Bucket, Senders, wait_for
from mobile_push.sentences import say

#: Registrations of one sender at once and a second. Behind one address there may be a mobile network.
OF_ONE = (120, 10.0)

#: How many times that all senders together have, so that no one closes the door for the others.
TOGETHER = 2

#: Seconds after which there may be room again, where as many phones are registered as may be.
FULL_RETRY_S = 3600

TOO_FAST = say("Many phones are registering at present. This one was not; wait a moment and register it again.")
FULL = say(
    "As many phones as may be are registered without a sign-in. Sign in and register then, or read the public alerts; "
    "later there may be room again."
)

#: What a route says of it.
FLOODED = {429: Answer("Too many phones register at present, or are registered.", headers={"Retry-After": "Seconds."})}


@dataclass(slots=True)
class Registrations:
    """What registered lately in this process."""

    senders: Senders = field(default_factory=Senders)
    all: Bucket = field(default_factory=lambda: Bucket(TOGETHER * OF_ONE[0], TOGETHER * OF_ONE[1]))

    def one_more(self, request: web.Request) -> None:
        """Raises TooManyRequests where too many came lately."""
        own = self.senders.bucket(self.senders.known(request.remote), "phones", *OF_ONE)
        if wait := wait_for(own, self.all):
            raise TooManyRequests(TOO_FAST, headers={"Retry-After": str(math.ceil(wait))})


REGISTRATIONS: Key[Registrations] = Key("registrations of phones without a sign-in")
