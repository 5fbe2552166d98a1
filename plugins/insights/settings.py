"""`[plugins.insights.settings]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from banshi import Key, Texts

#: GB/T 2260, and the street's and the community's digits behind it.
DIVISION = re.compile(r"[0-9]{6}|[0-9]{9}|[0-9]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """So many in a week at least, and so many percent above what was expected."""

    least: int
    percent: int

    def __post_init__(self) -> None:
        if self.least < 1 or self.percent < 0:
            raise ValueError("least has to be 1, percent 0 at least")


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """What needs no statistics: deaths, one loss in yuan, so many of one kind on one day. 0 leaves one out."""

    deaths: int = 1
    loss: int = 1_000_000
    count: int = 3

    def __post_init__(self) -> None:
        if min(self.deaths, self.loss, self.count) < 0:
            raise ValueError("deaths, loss and count have to be 0 at least")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From when on something is a hint, a warning, or urgent."""

    hint: Rise = field(default_factory=lambda: Rise(least=5, percent=30))
    warn: Rise = field(default_factory=lambda: Rise(least=10, percent=50))
    #: Weeks of hints running that are a warning, too; 0 for none.
    running: int = 2
    urgent: Urgent = field(default_factory=Urgent)

    def __post_init__(self) -> None:
        if self.running < 0:
            raise ValueError("running has to be 0 at least")


@dataclass(frozen=True, slots=True, kw_only=True)
class DivisionChange:
    """A division that was split, merged or renamed: from that day on, what was `old` is counted under `new`."""

    old: str
    #: One where it was renamed or merged into another; several where it was split: their series begin on that day.
    new: tuple[str, ...]
    on: date

    def __post_init__(self) -> None:
        for code in (self.old, *self.new):
            if not DIVISION.fullmatch(code):
                raise ValueError(f"{code[:20]!r} is no division: 6, 9 or 12 digits")
        if not self.new or self.old in self.new:
            raise ValueError("new has to name what became of it, and not itself")


@dataclass(frozen=True, slots=True, kw_only=True)
class NightSettings:
    """By what, in which time and in how much memory the series are judged each night."""

    #: How rarely chance goes over the bound of a week: by Farrington Flexible, and of a short series by EARS.
    alpha: float = 0.01
    ears_alpha: float = 0.001
    #: The share of a week's alarms that may be none.
    rate: float = 0.05
    #: Years back that Farrington Flexible looks at most; with fewer than three a series is short.
    years: int = 5
    #: Periods whose bounds are told, for the chart.
    window: int = 26
    #: Seconds after which the night is ended, and MiB that it may ask for.
    seconds: int = 120
    memory: int = 512

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.5 or not 0 < self.ears_alpha < 0.5 or not 0 < self.rate < 1:
            raise ValueError("alpha and ears_alpha have to be above 0 and below 0.5, rate below 1")
        if not 3 <= self.years <= 10 or not 1 <= self.window <= 520 or self.seconds < 1 or self.memory < 64:
            raise ValueError("years has to be 3 to 10, window 1 to 520, seconds 1, memory 64 at least")

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
    license: str = "https://creativecommons.org/licenses/by/4.0/"
    #: Weeks after a week is closed for which its figures aren't published yet: what is late then is never published.
    after_weeks: int = 2

    def __post_init__(self) -> None:
        if not self.license.startswith("https://") or not 0 <= self.after_weeks <= 52:
            raise ValueError("license has to be an address with https, after_weeks 0 to 52")


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsSettings:
    """What is counted, where, and from when on something is told."""

    #: File of the categories that are counted; relative to plugins.toml. Without, the sample that comes with this.
    categories: Path | None = None
    #: The division that the whole city is, such as 510700; "" takes any.
    city: str = ""
    #: Further divisions by code, such as streets, with their names; those of GB/T 2260 are known.
    divisions: Mapping[str, Texts] = field(default_factory=dict)
    #: Where a unit works, by `department/unit` or `department`: what its cases count for. Others count for the city.
    units: Mapping[str, str] = field(default_factory=dict)
    #: Divisions that were split, merged or renamed.
    changes: tuple[DivisionChange, ...] = ()
    #: Days after its end for which a week isn't closed: what comes late still changes it.
    open_days: int = 3
    #: Minutes between two rounds of counting.
    collect_minutes: int = 15
    #: Weeks that are counted anew each round, since cases are merged, moved and withdrawn.
    recounted_weeks: int = 8
    #: Thresholds of every category that has none of its own.
    thresholds: Thresholds = field(default_factory=Thresholds)
    #: How series are judged.
    night: NightSettings = field(default_factory=NightSettings)
    #: Characters that a template's title and body may have, filled in, by language: what a lock screen shows.
    most_chars: Mapping[str, tuple[int, int]] = field(default_factory=lambda: {"zh-CN": (18, 60), "en": (60, 180)})
    #: Shapes of divisions, for maps.
    map: MapSettings = field(default_factory=MapSettings)
    #: What everybody may read.
    open_figures: OpenFigures = field(default_factory=OpenFigures)
    #: The hour of the city's night from which on all series are judged, once a day.
    judged_at: int = 2
    #: Seconds between two looks for what is urgent.
    urgent_seconds: float = 60.0
    #: Rows that a file may have at most.
    import_rows: int = 2_000_000

    def __post_init__(self) -> None:
        for code in (*filter(None, [self.city]), *self.divisions, *self.units.values()):
            if not DIVISION.fullmatch(code):
                raise ValueError(f"{code[:20]!r} is no division: 6, 9 or 12 digits")
        if (
            not 0 <= self.open_days <= 60
            or not 1 <= self.recounted_weeks <= 104
            or min(self.import_rows, self.collect_minutes) < 1
        ):
            raise ValueError(
                "open_days has to be 0 to 60, recounted_weeks 1 to 104, import_rows and collect_minutes 1 at least"
            )
        if not 0 <= self.judged_at <= 23 or self.urgent_seconds < 1:
            raise ValueError("judged_at has to be an hour, 0 to 23, and urgent_seconds 1 at least")


SETTINGS: Key[InsightsSettings] = Key("insights' settings")
