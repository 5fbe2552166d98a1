"""`[plugins.road.settings]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from banshi import Item, Key, Platform
from road.vocabulary import KIND_TITLES

#: The register that has the events as its records, and the item that shows them.
REGISTER = "road-conditions"

#: Hours after which somebody is asked whether it is still so, by kind.
ASK_HOURS = {"congestion": 1.0, "accident": 2.0, "weather": 6.0, "gathering": 12.0, "closure": 24.0, "works": 168.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadSettings:
    """Whose events these are, where they may be, and how they are given away."""

    #: The item by which citizens report. The reviewers of its unit publish events.
    report: str = "road-report"
    #: West, south, east and north in degrees: what lies outside is no place of this city's. By itself, China.
    box: tuple[float, float, float, float] = (72.0, 3.0, 138.0, 56.0)
    #: In place of those that are known, by kind.
    ask_hours: Mapping[str, Annotated[float, Field(gt=0)]] = field(default_factory=dict)
    #: Days for which what has ended is kept.
    keep_days: Annotated[int, Field(ge=1)] = 365
    #: The address of the licence under which the events are given away; "" leaves it unsaid.
    licence: Annotated[str, Field(pattern=r"^(https?://[^\s<>\"]+)?$")] = ""

    def __post_init__(self) -> None:
        west, south, east, north = self.box
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError("box has to be west, south, east and north in degrees, west < east and south < north")
        if unknown := sorted({*self.ask_hours} - {*KIND_TITLES}):
            raise ValueError(f"ask_hours names {unknown[0]!r}; the kinds are {', '.join(KIND_TITLES)}")

    def patience(self, kind: str) -> timedelta:
        """For how long an event is believed without anybody's saying so again."""
        return timedelta(hours=self.ask_hours.get(kind, ASK_HOURS[kind]))


SETTINGS: Key[RoadSettings] = Key("roads' settings")


def item_of(platform: Platform) -> Item | None:
    """The item by which citizens report."""
    return platform.registry.items.get(platform[SETTINGS].report)
