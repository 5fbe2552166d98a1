"""When what failed is tried again."""

from __future__ import annotations

import random
from typing import NamedTuple

#: Doublings that no pause needs: a second becomes a year.
MAX_DOUBLINGS = 25


class Retry(NamedTuple):
    """Pauses that double."""

    #: Seconds after the first failure, and at most.
    first_s: float
    most_s: float
    #: The share of a pause that is chance: a thousand that failed together don't come back together.
    spread: float = 0.0

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row; 0.0 after none."""
        if failures < 1:
            return 0.0
        whole = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, MAX_DOUBLINGS))
        return whole * (1 - self.spread * random.random())  # noqa: S311 - no secret
