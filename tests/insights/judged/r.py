"""R's own figures (`judge.R`): the committed ones of published series, and a live run for any other."""

from __future__ import annotations

import csv
import math
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

HERE = Path(__file__).parent

#: Sets of parameters of `published_sets` in judge.R, by the names that ours have.
SETS: Mapping[str, Mapping[str, float]] = {
    "noufaily": {
        "b": 4,
        "w": 3,
        "no_periods": 10,
        "past_weeks_not_included": 26,
        "alpha": 0.01,
        "p_threshold_trend": 1,
    },
    "three": {
        "b": 3,
        "w": 3,
        "no_periods": 10,
        "past_weeks_not_included": 26,
        "alpha": 0.01,
        "p_threshold_trend": 0.05,
    },
    "farrington": {"b": 5, "w": 3, "alpha": 0.05, "p_threshold_trend": 0.05, "weights_threshold": 1},
    "two": {"b": 2, "w": 2, "no_periods": 7, "past_weeks_not_included": 8, "alpha": 0.05, "p_threshold_trend": 1},
}
#: What R calls them.
IN_R = {
    "no_periods": "noPeriods",
    "past_weeks_not_included": "pastWeeksNotIncluded",
    "p_threshold_trend": "pThresholdTrend",
    "weights_threshold": "weightsThreshold",
}


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    first: date | None
    per_year: int
    counts: Sequence[float | None]

    def line(self) -> str:
        counts = " ".join("NA" if one is None else f"{one:g}" for one in self.counts)
        return f"{self.name},{self.first or ''},{self.per_year},{counts}\n"


@dataclass(frozen=True, slots=True)
class Figures:
    """What R says of some positions of a series; NaN where it says nothing."""

    series: str
    set: str
    method: str
    #: None where R refuses the series.
    positions: range | None
    upper: Sequence[float]
    expected: Sequence[float]
    p: Sequence[float]
    alarms: Sequence[bool]


def published() -> dict[str, Series]:
    return {one.name: one for one in series_of(HERE / "series.csv")}


def series_of(file: Path) -> Iterable[Series]:
    for name, first, per_year, counts in csv.reader(file.read_text(encoding="utf-8").splitlines()):
        day = date.fromisoformat(first) if first else None
        yield Series(name, day, int(per_year), [None if math.isnan(one) else one for one in floats(counts)])


def figures_of(file: Path) -> list[Figures]:
    found = []
    for series, given, method, first, upper, expected, p, alarms in csv.reader(file.read_text().splitlines()):
        positions = range(int(first) - 1, int(first) - 1 + len(alarms)) if first else None
        about = (floats(upper), floats(expected), floats(p), [one == "1" for one in alarms])
        found.append(Figures(series, given, method, positions, *about))
    return found


def floats(text: str) -> list[float]:
    return [math.nan if one in ("NA", "NaN") else float(one) for one in text.split()]


def asked(
    folder: Path, series: Iterable[Series], sets: Mapping[str, Mapping[str, float]], last: int
) -> tuple[list[Figures], list[Figures]]:
    """What R says now of the last positions of these series: by Farrington Flexible, and by EARS."""
    if shutil.which("Rscript") is None:
        pytest.skip("R isn't installed: apt-get install r-cran-surveillance")
    loads = ["Rscript", "--vanilla", "-e", 'stopifnot(packageVersion("surveillance") == "1.24.1")']
    if subprocess.run(loads, capture_output=True, check=False).returncode:
        pytest.skip("R has no package surveillance 1.24.1: apt-get install r-cran-surveillance")
    files = [folder / name for name in ("series.csv", "sets.csv", "figures.csv")]
    files[0].write_text("".join(one.line() for one in series))
    names = sorted({name for one in sets.values() for name in one})
    with files[1].open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["name", "last", *(IN_R.get(name, name) for name in names)])
        out.writerows([name, last, *(one[key] for key in names)] for name, one in sets.items())
    subprocess.run(["Rscript", "--vanilla", str(HERE / "judge.R"), "asked", *map(str, files)], check=True)
    return figures_of(files[2]), figures_of(folder / "figures.csv.ears")
