"""`[plugins.insights.settings]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from banshi import Key, Texts
from banshi.sdk.toml import REQUIRED_LANGUAGES

#: GB/T 2260, and the street's and the community's digits behind it.
Division = Annotated[str, Field(pattern="^([0-9]{6}|[0-9]{9}|[0-9]{12})$")]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Alpha = Annotated[float, Field(gt=0, lt=0.5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """So many in a week at least, and so many percent above what was expected."""

    least: Positive
    percent: Natural


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """What needs no statistics: deaths, one loss in yuan, so many of one kind within a day. 0 leaves one out."""

    deaths: Natural = 1
    loss: Natural = 1_000_000
    count: Natural = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From when on something is a hint, a warning, or urgent."""

    hint: Rise = field(default_factory=lambda: Rise(least=5, percent=30))
    warn: Rise = field(default_factory=lambda: Rise(least=10, percent=50))
    #: Weeks of hints running that are a warning, too; 0 for none.
    running: Natural = 2
    urgent: Urgent = field(default_factory=Urgent)


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionChange:
    """A division that was split, merged or renamed: from that day on, what was `old` is counted under `new`."""

    old: Division
    #: One where it was renamed or merged into another; several where it was split: their series begin on that day.
    new: Annotated[tuple[Division, ...], Field(min_length=1)]
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NightSettings:
    """By what, in which time and in how much memory the series are judged each night."""

    #: How rarely chance goes over the bound of a week: by Farrington Flexible, and of a short series by EARS.
    alpha: Alpha = 0.01
    ears_alpha: Alpha = 0.001
    #: The share of a week's alarms that may be none.
    rate: Annotated[float, Field(gt=0, lt=1)] = 0.05
    #: Years back that Farrington Flexible looks at most; with fewer than three a series is short.
    years: Annotated[int, Field(ge=3, le=10)] = 5
    #: Periods whose bounds are told, for the chart.
    window: Annotated[int, Field(ge=1, le=520)] = 26
    #: Seconds after which the night is ended, and MiB that it may ask for.
    seconds: Positive = 120
    memory: Annotated[int, Field(ge=64)] = 512

    def rules(self) -> dict[str, float]:
        """What the night's process is told."""
        names = ("alpha", "ears_alpha", "rate", "years", "window")
        return {name: getattr(self, name) for name in names} | {"memory": self.memory * 1_048_576}


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSettings:
    """Whence the shapes of divisions are."""

    #: A file of GeoJSON, relative to plugins.toml; without, made-up shapes of the sample city.
    file: Path | None = None
    #: The property of a shape that has its division's code.
    code: str = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFigures:
    """What everybody may read of the categories that are public."""

    #: Under which terms, as an address.
    license: Annotated[str, Field(pattern="^https://")] = "https://creativecommons.org/licenses/by/4.0/"
    #: Weeks after a week is closed for which its figures aren't published yet: what is late then is never published.
    after_weeks: Annotated[int, Field(ge=0, le=52)] = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsSettings:
    """What is counted, where, and from when on something is told."""

    #: File of the categories that are counted; relative to plugins.toml. Without, the sample that comes with this.
    categories: Path | None = None
    #: The division that the whole city is, such as 510700; "" takes any.
    city: Division | Literal[""] = ""
    #: Further divisions by code, such as streets, with their names; those of GB/T 2260 are known.
    divisions: Mapping[Division, Texts] = field(default_factory=dict)
    #: Where a unit works, by `department/unit` or `department`: what its cases count for. Others count for the city.
    units: Mapping[str, Division] = field(default_factory=dict)
    #: Divisions that were split, merged or renamed.
    changes: tuple[DivisionChange, ...] = ()
    #: Days after its end for which a week isn't closed: what comes late still changes it.
    open_days: Annotated[int, Field(ge=0, le=60)] = 3
    #: Minutes between two rounds of counting.
    collect_minutes: Positive = 15
    #: Weeks that are counted anew each round, since cases are merged, moved and withdrawn.
    recounted_weeks: Annotated[int, Field(ge=1, le=104)] = 8
    #: Thresholds of every category that has none of its own.
    thresholds: Thresholds = field(default_factory=Thresholds)
    #: How series are judged.
    night: NightSettings = field(default_factory=NightSettings)
    #: Characters that a template's title and body may have, filled in, by language: what a lock screen shows.
    most_chars: Mapping[str, tuple[int, int]] = field(
        default_factory=lambda: dict(zip(REQUIRED_LANGUAGES, ((18, 60), (60, 180)), strict=True))
    )
    #: Shapes of divisions, for maps.
    map: MapSettings = field(default_factory=MapSettings)
    #: What everybody may read.
    open_figures: OpenFigures = field(default_factory=OpenFigures)
    #: The hour of the city's night from which on all series are judged, once a day.
    judged_at: Annotated[int, Field(ge=0, le=23)] = 2
    #: Seconds between two looks for what is urgent.
    urgent_seconds: Annotated[float, Field(ge=1)] = 60.0
    #: Rows that a file may have at most.
    import_rows: Positive = 2_000_000


SETTINGS: Key[InsightsSettings] = Key("insights' settings")
