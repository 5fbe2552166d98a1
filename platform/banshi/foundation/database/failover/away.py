"""A database that is away, as one process finds it out: said once, and once that it is back.

Whatever works beside the requests finds out for itself, again and again, and each would say so in a line of its own.
"""

from __future__ import annotations

import time

import structlog

from banshi.foundation.database.failover.fates import Fate, code_of, fate_of
from banshi.foundation.logs import Absence

#: What the platform's own database raises while it is away, and what callers are told then.
ITS_ERRORS = frozenset({"DBConnectionError", "Unavailable", "NotBegun"})

#: Seconds without a failure after which a statement that works says that it is back: its connections return one by one.
SETTLED_S = 1.0

#: The server's word for a statement of ours that took too long: it is there.
CANCELED = "57014"


class Away:
    """Whether it is."""

    def __init__(self) -> None:
        #: Statements and connections that failed for it, since the start.
        self.failures = 0
        log = structlog.get_logger("banshi.database")
        self._absence = Absence(log, "the database is away", "the database is back", ITS_ERRORS)
        self._failed_at = 0.0
        self._was_there = False

    def failed(self, error: Exception) -> None:
        if fate_of(error) in {Fate.AWAY, Fate.RECONNECT} and code_of(error) != CANCELED:
            self.failures += 1
            self._failed_at = time.monotonic()
            # Of one that never was there whoever begins says so in a sentence of their own.
            if self._was_there:
                self._absence.begin(error)

    def worked(self) -> None:
        """A statement did."""
        self._was_there = True
        if self._absence.lasts and time.monotonic() - self._failed_at >= SETTLED_S:
            self._absence.end()
