"""One look at the database a second for all who wait for something in it.

Whoever works on rows that other processes write says here what to look for, and how often. One statement asks for all
of them; where it finds nothing, nobody else asks anything. So a signal that is lost costs that period, and no more.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient

from banshi.foundation.database.failover.fates import code_of, is_outage
from banshi.foundation.logs import place_of

log = structlog.get_logger("banshi.pulse")

#: Seconds between two looks: how late whatever another process wrote is taken up where no signal tells of it.
INTERVAL_S = 1.0

#: Seconds that a look may take. A table that somebody has locked must not make all others wait.
TIMEOUT_S = 1.0

#: Questions that are asked alone and answered too late, after which it is the database that is slow, and not they.
MAX_LATE = 3

#: Seconds after which whoever is woken by `Store.pulse` looks all the same.
MAX_SLEEP_S = 300.0

#: Seconds after which a question is tried again that couldn't be asked.
RETRY_S = 60.0

#: Told by nobody yet.
UNKNOWN = object()


@dataclass(slots=True, eq=False)
class Question:
    """A value of the database, and who takes heed of it."""

    about: str
    sql: str
    #: Is given the value.
    heed: Callable[[Any], object]
    #: Called where it can't be asked for, and whoever wants it has to look by itself.
    lost: Callable[[], object]
    #: Looks from one time that it is asked to the next.
    every: int
    #: Whose it is, and where they ask.
    plugin: str
    place: str
    #: The look from which on it is tried again, where it couldn't be asked.
    left_out_until: int = 0

    def call(self, heed: Callable[..., object], *value: Any) -> None:
        try:
            heed(*value)
        except Exception as error:  # the others want to hear of theirs
            self.warn("the answer to a look could not be heeded", error)

    def warn(self, what: str, error: Exception) -> None:
        where = f"{self.place} < {place_of(error)}"
        log.error(what, plugin=self.plugin, look=self.about, where=where, error=type(error).__name__)


class Pulse:
    """What a process looks for."""

    def __init__(self, connection: BaseDBAsyncClient) -> None:
        self._connection = connection
        #: Looks so far.
        self.beat = 0
        #: The look from which on it is sorted out again who spoils it.
        self._sorted_until = 0
        self.questions: list[Question] = []
        #: Whose resources are being opened: who asks.
        self.plugin = "platform"
        #: `time.monotonic()` before the last look, and after it.
        self.took = (0.0, 0.0)

    def ask(
        self,
        about: str,
        sql: str,
        heed: Callable[[Any], object],
        seconds: float = INTERVAL_S,
        lost: Callable[[], object] = lambda: None,
    ) -> None:
        """Give `heed` the value of an expression every so many seconds; call `lost` where it can't be asked for.

        `about` says in a word or two what is looked for. The expression has no parameters, and is cheap.
        """
        callers = ((frame.f_code.co_filename, line) for frame, line in traceback.walk_stack(sys._getframe(1)))
        place = next(f"{file}:{line}" for file, line in callers if file != __file__)
        every = max(1, round(seconds / INTERVAL_S))
        self.questions.append(Question(about, sql, heed, lost, every, self.plugin, place))

    def when(self, about: str, rows: str, wake: Callable[[], object], seconds: float = INTERVAL_S) -> None:
        """Call `wake` at each look at which there are rows: what follows FROM."""
        exists = f"EXISTS (SELECT 1 FROM {rows})"  # noqa: S608 - ours
        self.ask(about, exists, lambda found: found and wake(), seconds, wake)

    def changes(self, about: str, value: str, wake: Callable[[], object], seconds: float = INTERVAL_S) -> None:
        """Call `wake` at the first look, and at each at which the value is another than at the last."""
        last = UNKNOWN

        def heed(found: Any) -> None:
            nonlocal last
            before, last = last, found
            if found != before:
                wake()

        self.ask(about, value, heed, seconds, wake)

    def past(
        self,
        about: str,
        moment: str,
        wake: Callable[[], object],
        now: Callable[[], datetime],
        seconds: float = INTERVAL_S,
    ) -> None:
        """Call `wake` at each look at which a moment, such as the first at which something is due, is over."""

        def heed(found: Any) -> None:
            if found is not None and (datetime.fromisoformat(found) if isinstance(found, str) else found) <= now():
                wake()

        self.ask(about, moment, heed, seconds, wake)

    async def run(self) -> None:
        """Look, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_S)
            self.beat += 1
            due = [one for one in self.questions if not self.beat % one.every]
            asked = [one for one in due if one.left_out_until <= self.beat]
            for one in due:
                if one not in asked:
                    one.call(one.lost)
            if asked:
                await self._look(asked)

    async def _look(self, asked: Sequence[Question]) -> None:
        try:
            values = await self._values(asked)
        except Exception as error:
            for one in asked:  # whoever looks by itself says so where the database is away
                one.call(one.lost)
            if not _spoils_all(error) and self._sorted_until <= self.beat:
                await self._sort_out(asked)
        else:
            for one, value in zip(asked, values, strict=True):
                one.call(one.heed, value)

    async def _sort_out(self, asked: Sequence[Question]) -> None:
        """Leave out for a while whoever spoils it for all: they are `lost`, at each look."""
        late, self._sorted_until = 0, self.beat + round(RETRY_S / INTERVAL_S)
        for one in asked:
            try:
                await self._values([one])
            except Exception as error:
                late += isinstance(error, TimeoutError)
                if _spoils_all(error) or late > MAX_LATE:
                    return
                one.left_out_until = self._sorted_until
                one.warn("a look can't be asked for with the others'", error)

    async def _values(self, asked: Sequence[Question]) -> list[Any]:
        columns = ", ".join(f"({one.sql}) AS q{number}" for number, one in enumerate(asked))
        begun = time.monotonic()
        async with asyncio.timeout(TIMEOUT_S):
            (row,) = await self._connection.execute_query_dict(f"SELECT {columns}")
        self.took = (begun, time.monotonic())
        return [row[f"q{number}"] for number in range(len(asked))]


def _spoils_all(error: Exception) -> bool:
    return is_outage(error) and code_of(error) != "42501"  # a table that may not be read


def quoted(text: str) -> str:
    """A name as a literal of SQL. Both databases read a quote in it as two: 'it''s'."""
    return "'" + text.replace("'", "''") + "'"
