"""A token of a vendor's, as it gives it out, and as it is used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

#: Seconds for which a token is used at least, or one that is good for none would be asked for in a storm; and at most.
MIN_LIFE_S, MAX_LIFE_S = 3.0, 86_400.0


class Token(NamedTuple):
    """A token that a vendor has given out, and its seconds."""

    value: str
    #: For how many it is good.
    seconds: float

    def usable(self) -> Token:
        """The same for a time that can be. Raises ValueError where no header and no address can carry it."""
        if not (isinstance(self.value, str) and self.value and self.value.isascii() and self.value.isprintable()):
            raise ValueError("the answer holds no access token that can be sent")
        # The smaller of what is no number would be that.
        return Token(self.value, min(MAX_LIFE_S, max(MIN_LIFE_S, float(self.seconds))))

    def early(self, early_s: float) -> float:
        """The seconds before its end from which the next one is fetched, of at most so many."""
        return min(early_s, self.seconds / 4)


#: Seconds that a vendor has to give one out.
FETCH_S = 25.0

#: Asks the vendor; it is given the token that the vendor has refused, "" for none. Raises Refused: TOKEN where the
#: vendor gives that very one out again, and won't give another.
Fetch = Callable[[str], Awaitable[Token]]
