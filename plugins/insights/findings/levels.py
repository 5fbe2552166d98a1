"""How much a week or day rose, and whether it is a hint or a warning: beside the statistics, never by percent alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from insights.settings import Rise, Thresholds

#: By grain: the periods of the four weeks before, and those of a year; of days none is known.
BEFORE, YEAR = {"week": 4, "day": 28}, {"week": 52, "day": 0}

Level = Literal["", "hint", "warn"]


@dataclass(frozen=True, slots=True)
class Risen:
    """A week's figure beside what it is held against."""

    count: int
    #: The mean of the four weeks before, without gaps; the same week last year. None where nothing is known.
    before: float | None
    last_year: int | None

    @property
    def base(self) -> float | None:
        """The higher of both: a season is no rise, and neither is a return from a holiday."""
        return max((one for one in (self.before, self.last_year) if one is not None), default=None)

    @property
    def percent(self) -> int | None:
        """Whole percent above the base; None where there was nothing before."""
        return int((self.count - self.base) * 100 // self.base) if self.base else None

    def meets(self, step: Rise) -> bool:
        """Whether it is as many, and as much more, as a threshold asks."""
        return self.count >= step.least and (not self.base or self.count * 100 >= self.base * (100 + step.percent))


def risen(counts: Sequence[int | None], place: int, grain: str = "week") -> Risen | None:
    """The week or day at that place of a series; None for a gap."""
    count = counts[place] if 0 <= place < len(counts) else None
    if count is None:
        return None
    known = [one for one in counts[max(0, place - BEFORE[grain]) : place] if one is not None]
    before = sum(known) / len(known) if known else None
    year = YEAR[grain]
    return Risen(count, before, counts[place - year] if year and place >= year else None)


def level(thresholds: Thresholds, counts: Sequence[int | None], place: int, grain: str = "week") -> Level:
    """What the week or day at that place is, by the thresholds of its category; "" where it is nothing to tell."""
    now = risen(counts, place, grain)
    if now is None or not now.meets(thresholds.hint):
        return ""
    running = range(place, place - thresholds.running, -1)
    hints = [one is not None and one.meets(thresholds.hint) for one in (risen(counts, each, grain) for each in running)]
    is_running = thresholds.running > 0 and all(hints)
    is_warning = now.meets(thresholds.warn) or (is_running and now.count >= thresholds.warn.least)
    return "warn" if is_warning else "hint"
