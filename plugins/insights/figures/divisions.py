"""The city's divisions: what each is called, what lies over it, and what became of those that are gone.

Codes are those of GB/T 2260, six digits; nine with the street and twelve with the community. "" is the whole city.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from banshi import LANGUAGES, Key, Texts
from banshi.sdk.lists import list_entries
from banshi.sdk.toml import did_you_mean
from insights.sentences import word
from insights.settings import InsightsSettings

#: Digits of a district, a street, a community.
LENGTHS = (6, 9, 12)

WHOLE_CITY = word("The whole city")


def over(division: str) -> str:
    """The division right over one, by its code: 12 digits → 9 → 6 → "", the whole city."""
    return next((division[:length] for length in reversed(LENGTHS) if length < len(division)), "")


def chain(division: str) -> Iterator[str]:
    """A division and all that lie over it, the whole city last."""
    yield division
    while division:
        division = over(division)
        yield division


def merged_upwards(counts: Mapping[str, int], fewest: int = 5) -> dict[str, str]:
    """As which division each is told: itself where it has enough, else the nearest over it that has, or the city.

    `counts` has every level, each with what lies in it, so nobody is recognised by where the few are.
    """
    return {division: next((one for one in chain(division) if counts.get(one, 0) >= fewest), "") for division in counts}


@dataclass(frozen=True)
class Divisions:
    """Those that figures may be of."""

    settings: InsightsSettings

    @cached_property
    def _within(self) -> str:
        return self.settings.city.removesuffix("00").removesuffix("00")

    def known(self, division: str) -> str:
        """A division as it is counted: "" for the city itself. Raises ValueError for one that there is not."""
        if division in {"", self.settings.city}:
            return ""
        own, former = self.settings.divisions, [one.old for one in self.settings.changes]
        if division in own or division in former:
            return division
        if not (division.isascii() and division.isdecimal() and len(division) in LENGTHS):
            raise ValueError("give the 6, 9 or 12 digits of a division, or nothing for the whole city")
        district = division[: LENGTHS[0]]
        if district not in list_entries("divisions") and district not in own and district not in former:
            raise ValueError("GB/T 2260 has no such division; a new one goes into the setting `divisions` of insights")
        if not division.startswith(self._within):
            raise ValueError(f"the division lies outside the city, {self.settings.city}")
        return division

    def title(self, division: str) -> Texts:
        """What people call it; its digits where nobody has said more."""
        if not division:
            return WHOLE_CITY
        if own := self.settings.divisions.get(division):
            return own
        known = list_entries("divisions").get(division)
        return known.names if known else dict.fromkeys(LANGUAGES, division)

    def today(self, division: str) -> str:
        """Under which one a figure is counted today: what was renamed or merged is told under its new code, what was
        split only in what lies over it, since nobody knows of which part it is."""
        for change in self.settings.changes:
            if division.startswith(change.old):
                is_split = len(change.new) > 1
                division = over(change.old) if is_split else change.new[0] + division[len(change.old) :]
        return division

    def codes_in(self, division: str) -> list[str]:
        """How the codes of all figures begin that may be counted in one today: its own, and those of changed ones."""
        changed = [(one.old, self.today(one.old)) for one in self.settings.changes]
        return [division, *(old for old, now in changed if now.startswith(division) or division.startswith(now))]

    def begins(self, division: str) -> date | None:
        """From which day on there are figures of its own, where it came of a split."""
        days = [one.on for one in self.settings.changes if len(one.new) > 1 and {*chain(division)} & {*one.new}]
        return max(days, default=None)


def misplaced(settings: InsightsSettings, registry: Any) -> Iterator[str]:
    """What is wrong with `units`: a unit that nobody has would count for the city, and nobody would know."""
    for place, division in settings.units.items():
        department, _, unit = place.partition("/")
        known = registry.departments.get(department)
        names = [one.code for one in known.units] if known else [*registry.departments]
        if not known or (unit and unit not in names):
            yield f"units: there is no {place!r}: {did_you_mean(unit if known else department, names)}"
        try:
            Divisions(settings).known(division)
        except ValueError as error:
            yield f"units.{place}: {error}"


DIVISIONS: Key[Divisions] = Key("divisions of figures")
