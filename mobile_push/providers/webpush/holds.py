"""Push services that asked for silence, each for itself: all others go on."""

from __future__ import annotations

import time
from collections import OrderedDict

#: Services or subscriptions that are remembered; one that is forgotten is asked once more.
MAX_REMEMBERED = 10_000


class Holds:
    """Who is left alone until when, after so many refusals with nothing accepted in between."""

    def __init__(self, after: int) -> None:
        self._after = after
        #: Name → refusals in a row, and `time.monotonic()` until which it is left alone.
        self._known: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def left(self, name: str) -> float:
        """Seconds for which it is still left alone; 0.0 when it may be asked."""
        known = self._known.get(name)
        return max(0.0, known[1] - time.monotonic()) if known else 0.0

    def refused(self, name: str, seconds: float) -> None:
        """It asked for so many seconds of silence, or has failed and gets them."""
        count, until = self._known.pop(name, (0, 0.0))
        count += 1
        if count >= self._after:
            until = max(until, time.monotonic() + seconds)
        self._known[name] = (count, until)
        while len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)

    def accepted(self, name: str) -> None:
        """It works: what was refused before is forgotten."""
        self._known.pop(name, None)
