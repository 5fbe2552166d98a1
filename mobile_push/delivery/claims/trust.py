"""Whether a provider is believed that calls an address dead.

A service that calls one address after the other dead and takes next to nothing doesn't know us: the wrong host, the
wrong project, an app that is under review.
"""

from __future__ import annotations

from collections import OrderedDict

#: Addresses that are looked back at; how many of them have to have been taken, where more are called dead; and how many
#: are called dead in a row from which on none is.
LAST, ENOUGH, IN_A_ROW = 200, 25, 20


class Trust:
    """What one provider has said of its addresses lately."""

    def __init__(self) -> None:
        #: Address → whether a message was taken there, the one that was answered last at the end.
        self._last: OrderedDict[str, bool] = OrderedDict()
        self._taken = 0
        #: Addresses that were called dead since the last yes.
        self.row = 0

    def note(self, address: str, taken: bool, *, beside: bool = False) -> None:
        """An answer. A no that is said again, or `beside` a yes of the same request, is no more in a row."""
        before = self._last.pop(address, None)
        self._taken += taken - bool(before)
        self._last[address] = taken
        if len(self._last) > LAST:
            self._taken -= self._last.popitem(last=False)[1]
        self.row = 0 if taken else self.row + (before is not False and not beside)

    @property
    def dead(self) -> int:
        """How many of the last addresses it calls dead."""
        return len(self._last) - self._taken

    @property
    def is_due(self) -> bool:
        """Whether what it calls dead is."""
        return self.row < IN_A_ROW and self._taken >= min(ENOUGH, self.dead)
