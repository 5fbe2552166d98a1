"""What the traffic police decide about a pass in Python: dates that fit, open zones, vehicles that may not enter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from banshi import Application, Conflict, Decision, FieldProblem, Submission

from .models import ZoneClosure
from .sentences import say


@dataclass(frozen=True, kw_only=True)
class TrafficSettings:
    """`[plugins.traffic.settings]`."""

    #: Longest time that one pass is asked for, in days.
    longest_days: int = 90
    #: Vehicle classes that may never enter by day.
    night_only: frozenset[str] = frozenset({"heavy-truck"})


class ZonePass(Application):
    """The restricted-zone vehicle pass."""

    def __init__(self, settings: TrafficSettings) -> None:
        self.settings = settings

    async def validate(self, submission: Submission) -> Sequence[FieldProblem]:
        answers = submission.answers
        first, last = date.fromisoformat(answers["valid_from"]), date.fromisoformat(answers["valid_until"])
        problems = []
        if (last - first).days >= self.settings.longest_days:
            days = self.settings.longest_days
            problems.append(FieldProblem("/valid_until", say("At most {days} days.", days=days), "too-long"))
        closed = await _closed(answers["zones"])
        problems += [
            FieldProblem(f"/zones/{position}", say("This zone is closed at present."), "closed")
            for position, zone in enumerate(answers["zones"])
            if zone in closed
        ]
        return problems

    async def review(self, submission: Submission) -> Decision:
        answers = submission.answers
        if answers["vehicle_class"] in self.settings.night_only and answers["hours"] != "22-6":
            reason = say("This class of vehicle may enter at night only (22-6); please choose those hours.")
            return Decision(action="return", reason=reason)
        return Decision(action="accept")

    async def claims(self, submission: Submission) -> Mapping[str, Any]:
        # A zone may have closed since the application came in.
        if closed := await _closed(submission.answers["zones"]):
            zones = ", ".join(sorted(closed))
            raise Conflict(
                say(
                    "Zone {zones} is closed at present: return the application, or approve it once the zone is open.",
                    zones=zones,
                )
            )
        return {"holder": masked(submission.answers["driver"]["name"])}


async def _closed(zones: Sequence[str]) -> set[str]:
    """Which of the zones are closed at present."""
    closed: Any = await ZoneClosure.filter(zone__in=zones).values_list("zone", flat=True)
    return set(closed)


def masked(name: str) -> str:
    """A name as an officer needs it to compare with a licence: 王小明 → 王*明, 李四 → 李*."""
    return name[0] + "*" + (name[-1] if len(name) > 2 else "")
