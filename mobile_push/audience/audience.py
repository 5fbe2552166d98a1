"""Whom a broadcast is for: everyone, followers, places, or people whom the platform's own data names.

An audience is asked in two ways that have to agree: in SQL, where a fan-out walks the phones, and in Python, where an
inbox or an open stream asks whether a broadcast is for its person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mobile_push.cap import polygons_of
from mobile_push.cap.geo.divisions import division_prefix
from mobile_push.cap.geo.geometry import Circle, Shape

#: What a followed department is called among the topics.
DEPARTMENT = "department:"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Those who have a case of these items in these states, by when it was handed in."""

    items: tuple[str, ...]
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phone is at home."""

    division: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Listener:
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
        areas: list[Shape] = [one for polygon in document.get("polygons", ()) for one in polygons_of(polygon)]
        areas += [Circle((one["center"][1], one["center"][0]), one["radius_km"]) for one in document.get("circles", ())]
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

    def condition(self, marks: Sequence[str]) -> str:
        """SQL about `push_device d` that holds for every phone of the audience, with `values` for the marks.

        For areas it holds for whatever is in their boxes: `covers` decides where `sure` does not hold.
        """
        if self.everyone:
            return "1 = 1"
        free = iter(marks)
        parts = []
        if self.topics:
            these = ", ".join(next(free) for _ in self.topics)
            follows = f"SELECT 1 FROM push_follow f WHERE f.person = d.person AND f.topic IN ({these})"  # noqa: S608
            parts.append(f"EXISTS ({follows})")
        parts += [f"(d.division >= {next(free)} AND d.division < {next(free)})" for _ in self.divisions]
        parts += [
            f"(d.latitude BETWEEN {next(free)} AND {next(free)} AND d.longitude BETWEEN {next(free)} AND {next(free)})"
            for _ in self.areas
        ]
        return f"({' OR '.join(parts)})" if parts else "1 = 0"

    def sure(self, marks: Sequence[str]) -> str:
        """SQL that holds where a phone of `condition` is in the audience, wherever exactly it is."""
        if self.everyone or not self.areas:
            return "1 = 1"
        return replace(self, areas=()).condition(marks)

    @property
    def sure_values(self) -> list[Any]:
        """The values for the marks of `sure`."""
        return replace(self, areas=()).values if self.areas else []

    @property
    def values(self) -> list[Any]:
        """The values for the marks of `condition`."""
        if self.everyone:
            return []
        found: list[Any] = sorted(self.topics)
        for code in self.divisions:
            # Whatever begins with the code comes before the code with a character behind it that no code has.
            found += [division_prefix(code), division_prefix(code) + ":"]
        for area in self.areas:
            south, west, north, east = area.box
            found += [south, north, west, east]
        return found
