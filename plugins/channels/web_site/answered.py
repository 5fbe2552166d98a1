"""What was answered just now to whoever says no name: a page that is sent again is answered so again, and does nothing.

It is in this process's memory alone, for some minutes, by a hash of what was sent.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from banshi import Key

LIFE_S, MOST = 600, 1_000


@dataclass(slots=True)
class Answered:
    """The newest answers, with the Unix seconds until which each is kept."""

    _kept: dict[bytes, tuple[float, str]] = field(default_factory=dict, repr=False)

    def find(self, now: float, *sent: str) -> str | None:
        """The answer to exactly that; None where there was none, or it was too long ago."""
        until, told = self._kept.get(_hash(sent), (now, ""))
        return told if until > now else None

    def keep(self, now: float, told: str, *sent: str) -> None:
        """Keep an answer, and let go of what is too old, or too many."""
        self._kept[_hash(sent)] = (now + LIFE_S, told)
        old = [one for one, (until, _) in self._kept.items() if until <= now]
        for one in old or [*self._kept][:-MOST]:
            del self._kept[one]


ANSWERED: Key[Answered] = Key("what was answered just now to whoever says no name")


def _hash(sent: tuple[str, ...]) -> bytes:
    # NUL is in no text that was read.
    return hashlib.blake2b("\0".join(sent).encode(), digest_size=32).digest()
