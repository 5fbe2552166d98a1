"""Faults that meet an exact share of the requests."""

from __future__ import annotations


class Shares:
    """Picks the requests that a share of them meets, spread evenly: runs of the same length meet the same number."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def turn(self, what: str, share: float) -> bool:
        """Whether this is one of the share, 0 to 1, of `what`."""
        if not share:
            return False
        due = self._due.get(what, 0.0) + share
        # Sums of shares such as 0.1 fall a hair short of 1.
        self._due[what] = due - 1 if (turn := due > 1 - 1e-9) else due
        return turn
