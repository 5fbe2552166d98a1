"""How far a receiver is through the log, or through a span of it that it wants once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from banshi import Platform

from . import journal
from .tail import Tail


@dataclass(slots=True, eq=False)
class Walk:
    """Events are read in their order and end in any; behind `position` there is nothing left to do."""

    #: The last number that was looked at.
    read: int
    #: Of a replay: its id, its last number, and the moments between which events happened.
    replay: UUID | None = None
    until: int = 0
    begins: int = 0
    ends: int = 0
    #: Numbers of events that are neither delivered nor recorded as waiting, in their order.
    open: dict[int, None] = field(default_factory=dict)

    @property
    def position(self) -> int:
        return next(iter(self.open)) - 1 if self.open else self.read

    @property
    def over(self) -> bool:
        """Whether everything of a replay was sent."""
        return self.replay is not None and not self.open and self.read >= self.until

    async def next(self, platform: Platform, tail: Tail, limit: int) -> Sequence[journal.Logged]:
        """The next events, none where there are none yet."""
        if self.replay is None:
            events, self.read = await tail.after(self.read, limit)
            return events
        if self.read >= self.until:
            return ()
        found = await journal.page(platform, self.read, limit)
        self.read = found[-1].seq if found else self.until
        return [one for one in found if one.seq <= self.until and self.begins <= one.at <= self.ends]
