"""How often one person may ask one item within an hour, and how often in vain. The database settles it.

A look-up counts as one in vain until its answer is there. So of any number at once, in any number of processes, no more
are let through than may be in vain: who tries all numbers after one another gains nothing by trying them together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F
from tortoise.models import Model

from banshi.builtin.limits.rates import RATES
from banshi.builtin.limits.senders import Senders
from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import TooManyRequests
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform
from banshi.kinds.query.models import Allowance
from banshi.kinds.query.words import TOO_MANY, TOO_MANY_MISSES, WAITING

#: Milliseconds for which look-ups are counted together, from the first on.
HOUR_MS = 3_600_000

#: Seconds after which whoever has others under way may try again.
RETRY_S = 2

#: Seconds for which those of strangers are counted, and how many senders' worth all of them together have.
MINUTE_S, TOGETHER = 60, 20

#: Who asks without a name.
STRANGERS: Key[Senders] = Key("strangers who look up")

#: Another request may take the turn between reading and writing so many times.
MAX_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Turn:
    """One look-up that was let through."""

    id: str
    since: int

    def over(self, *, found: bool) -> Update:
        """The answer is there."""
        values = {"waiting": F("waiting") - 1, **({"spent": F("spent") - 1} if found else {})}
        return Update(Allowance, {"id": self.id, "since": self.since}, values, rows=None)

    def given_back(self) -> Update:
        """There was no answer, which is not the asker's doing."""
        values = {"waiting": F("waiting") - 1, "spent": F("spent") - 1, "used": F("used") - 1}
        return Update(Allowance, {"id": self.id, "since": self.since}, values, rows=None)


async def take_strangers_turn(platform: Platform, sender: str | None, item: str, limit: int) -> str:
    """Count one look-up by somebody of whom only the sender is known; who that is, for as long as this process lives.

    Behind one address there are many people, so it has an hour's look-ups of one of them in each minute; all together
    have so much of it that one sender closes the door to nobody. Raises TooManyRequests.
    """
    stranger = platform[STRANGERS].known(sender).hex()
    for name, most in ((f"look-ups of {item} by {stranger}", limit), (f"look-ups of {item}", TOGETHER * limit)):
        if wait := await platform[RATES].wait(name, most, MINUTE_S):
            raise TooManyRequests(TOO_MANY, headers={"Retry-After": str(int(wait) + 1)})
    return stranger


async def take_turn(
    platform: Platform, person: str, item: str, *, limit: int, misses: int, rows: Sequence[Model]
) -> Turn:
    """Count one look-up and write `rows` in the same transaction. Raises TooManyRequests, and then writes nothing."""
    identity = hashlib.blake2b(f"{person}\0{item}".encode(), digest_size=16).hexdigest()
    for _ in range(MAX_ATTEMPTS):
        now = int(platform.now().timestamp() * 1000)
        known = await Allowance.get_or_none(id=identity)
        if known is None:
            first = Allowance(id=identity, since=now, used=1, spent=1, waiting=1)
            write, since = Write(rows=[first, *rows]), now
        elif known.since <= now - HOUR_MS:
            anew = Update(
                Allowance, {"id": identity, "since": known.since}, {"since": now, "used": 1, "spent": 1, "waiting": 1}
            )
            write, since = Write([anew], rows), now
        else:
            refuse(known, now, limit=limit, misses=misses)
            one_more = {name: F(name) + 1 for name in ("used", "spent", "waiting")}
            may = {"id": identity, "since": known.since, "used__lt": limit, "spent__lt": misses}
            write, since = Write([Update(Allowance, may, one_more)], rows), known.since
        try:
            await platform.store.commit(write)
        except (Stale, IntegrityError):
            continue
        return Turn(identity, since)
    raise TooManyRequests(WAITING, headers={"Retry-After": str(RETRY_S)})


def refuse(known: Allowance, now: int, *, limit: int, misses: int) -> None:
    """Raises TooManyRequests where nothing is left of this hour."""
    rest = str((known.since + HOUR_MS - now) // 1000 + 1)
    if known.spent - known.waiting >= misses:
        raise TooManyRequests(TOO_MANY_MISSES, headers={"Retry-After": rest})
    if known.used - known.waiting >= limit:
        raise TooManyRequests(TOO_MANY, headers={"Retry-After": rest})
    if known.used >= limit or known.spent >= misses:
        raise TooManyRequests(WAITING, headers={"Retry-After": str(RETRY_S)})
