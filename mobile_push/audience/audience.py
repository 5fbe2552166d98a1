"""Whom a broadcast is for: everyone, followers, places, or people whom the platform's own data names.

An audience is asked in two ways that have to agree: in SQL, where a fan-out walks the phones, and in Python, where an
inbox or an open stream asks whether a broadcast is for its person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from mobile_push.cap.geo.divisions import division_prefix
from mobile_push.cap.geo.geometry import Shape
from mobile_push.cap.shapes import CIRCLE, POLYGON
from mobile_push.tables.marks import Marks

#: What a followed department is called among the topics.
DEPARTMENT = "department:"

#: What a muted kind of notices is called among what is silent.
NOTICE = "notice:"


class People(NamedTuple):
    """Those who have a case of these items in these states, by when it was handed in."""

    items: tuple[str, ...]
    states: tuple[str, ...]


class Place(NamedTuple):
    """Where a phone is at home."""

    division: str
    latitude: float | None
    longitude: float | None


class Listener(NamedTuple):
    """What of a person decides which broadcasts are theirs."""

    follows: frozenset[str] = frozenset()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who gets a broadcast: whoever any of the parts names."""

    everyone: bool = False
    #: Topics, and departments as `department:<slug>`.
    topics: frozenset[str] = frozenset()
    #: Codes of administrative divisions (GB/T 2260); a code covers all that lie in it.
    divisions: tuple[str, ...] = ()
    areas: tuple[Shape, ...] = ()
    #: People are named alone: each gets a copy of their own.
    people: People | None = None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Audience:
        """The audience of its JSON, which is stored and has been checked."""
        people = document.get("people")
        areas: list[Shape] = [one for polygon in document.get("polygons", ()) for one in POLYGON.values(polygon)]
        areas += [one for circle in document.get("circles", ()) for one in CIRCLE.values(circle)]
        return cls(
            everyone=bool(document.get("everyone")),
            topics=frozenset(document.get("topics", ()))
            | {DEPARTMENT + one for one in document.get("departments", ())},
            divisions=tuple(document.get("divisions", ())),
            areas=tuple(areas),
            people=People(items=tuple(people["items"]), states=tuple(people["states"])) if people else None,
        )

    def includes(self, listener: Listener) -> bool:
        """Whether a person is in it. People who are named find their own copy in their inbox."""
        if self.people is not None:
            return False
        if self.everyone or not self.topics.isdisjoint(listener.follows):
            return True
        return any(self._has(place) for place in listener.places)

    def _has(self, place: Place) -> bool:
        if place.division and any(place.division.startswith(division_prefix(code)) for code in self.divisions):
            return True
        return self.covers(place.latitude, place.longitude)

    def covers(self, latitude: float | None, longitude: float | None) -> bool:
        """Whether a position lies in one of the areas."""
        if latitude is None or longitude is None:
            return False
        return any(area.covers(latitude, longitude) for area in self.areas)

    def has(self, row: Mapping[str, Any]) -> bool:
        """Whether the phone of a row that `condition` found, with what `sure` says of it, is in the audience."""
        return row["sure"] or self.covers(row["latitude"], row["longitude"])

    def condition(self, mark: Marks) -> str:
        """SQL about `push_device d` that holds for every phone of the audience.

        For areas it holds for whatever is in their boxes: `covers` decides where `sure` does not hold.
        """
        if self.everyone:
            return "1 = 1"
        parts = []
        if self.topics:
            these = mark.each(sorted(self.topics))
            follows = f"SELECT 1 FROM push_follow f WHERE f.person = d.person AND f.topic IN ({these})"  # noqa: S608
            parts.append(f"EXISTS ({follows})")
        # Whatever begins with the code comes before the code with a character behind it that no code has.
        parts += [
            f"(d.division >= {mark(prefix)} AND d.division < {mark(f'{prefix}:')})"
            for prefix in map(division_prefix, self.divisions)
        ]
        for south, west, north, east in (area.box for area in self.areas):
            within = f"d.longitude BETWEEN {mark(west)} AND {mark(east)}"
            parts.append(f"(d.latitude BETWEEN {mark(south)} AND {mark(north)} AND {within})")
        return f"({' OR '.join(parts)})" if parts else "1 = 0"

    def sure(self, mark: Marks) -> str:
        """SQL that holds where a phone of `condition` is in the audience, wherever exactly it is."""
        if self.everyone or not self.areas:
            return "1 = 1"
        return replace(self, areas=()).condition(mark)
