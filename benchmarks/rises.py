"""What the night finds in 600 series of five years with 60 planted rises, and what it takes.

    python benchmarks/rises.py          # both parts
    python benchmarks/rises.py rises    # how many rises, how late, and how many false alarms, by method
    python benchmarks/rises.py night    # seconds of processor time and memory of the night's process
    python benchmarks/rises.py --short

Each rise lasts six weeks. The peer is "mean + k deviations" of the last 52 or 104 weeks, with the k at which it has as
many false alarms as the night. The aims: one false alarm a week, more rises found and sooner than the peer; 10 s of one
core, 150 MiB. Ends with 1 where one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.shared.arguments import options, run_parts
from benchmarks.shared.figures import table, told_wrong
from insights.methods.discoveries import cut
from insights.methods.ears import EarsRules, ears_bounds
from insights.methods.farrington import Bounds, Rules, bounds
from insights.night.judging import Asked, judge
from insights.settings import NightSettings
from tests.insights.judged.r import HERE, floats
from tests.insights.planted import JUDGED, SHAPE, WEEKS, planted

SERIES = planted()
TABLE = np.array([one.counts for one in SERIES], dtype=float)
NIGHT = NightSettings()
RULES = Rules(
    b=3, no_periods=10, past_weeks_not_included=26, alpha=NIGHT.alpha, p_threshold_trend=1, threshold_method="nbPlugin"
)

#: The aims: false alarms a week, seconds of processor time, MiB.
FALSE_AIM, CPU_AIM_S, MEMORY_AIM_MIB = 1.0, 10.0, 150.0

#: (weeks, series): where there is an alarm.
Alarms = NDArray[np.bool_]


def deviations(weeks: range, back: int) -> NDArray[np.float64]:
    """How many standard deviations of the weeks before each week is above their mean."""
    before = [TABLE[:, week - back : week] for week in weeks]
    spread = [np.maximum(one.std(axis=1, ddof=1), 1e-9) for one in before]
    return np.array([(TABLE[:, w] - b.mean(axis=1)) / s for w, b, s in zip(weeks, before, spread, strict=True)])


def judged(alarms: Alarms, weeks: range) -> tuple[float, int, float]:
    """False alarms a week, rises found, and weeks until then, all six where one isn't found."""
    rising = np.array([[one.is_rising(week) for one in SERIES] for week in weeks])
    late = []
    for number, one in enumerate(SERIES):
        if one.rise is not None and one.rise in weeks:
            alarmed = (alarms & rising)[:, number].nonzero()[0]
            late.append(weeks[int(alarmed[0])] - one.rise if alarmed.size else len(SHAPE))
    found = sum(one < len(SHAPE) for one in late)
    return float((alarms & ~rising).sum() / len(weeks)), found, float(np.mean(late))


def otherwise_than_r(weeks: range, found: list[Bounds]) -> list[str]:
    """Where bounds or alarms aren't those that R's `surveillance` has given, which are committed."""
    with (HERE / "six_hundred.csv").open(encoding="utf-8") as file:
        lines = [*csv.reader(file)]
    upper, alarms = np.array([floats(line[1]) for line in lines]), np.array([[*map(int, line[2])] for line in lines])
    at = [JUDGED.index(week) for week in weeks]
    same = np.array_equal(np.array([one.upper for one in found]).T, upper[:, at], equal_nan=True)
    same &= np.array_equal(np.array([one.alarm for one in found]).T, alarms[:, at] == 1)
    whose = "as R has them" if same else "and R has others"
    print(f"{upper[:, at].size:,} bounds and {alarms[:, at].sum()} alarms, {whose}\n")
    return [] if same else ["R has other bounds or alarms"]


def methods(weeks: range, found: list[Bounds]) -> Iterator[tuple[str, Alarms]]:
    """The night's, its parts, and EARS."""
    above = np.array([one.alarm for one in found])
    most = np.array([cut(one.p.tolist(), NIGHT.rate) for one in found])
    yield (
        "the night: Farrington Flexible, false discoveries held",
        above & (np.array([one.p for one in found]) <= most[:, None]),
    )
    yield f"Farrington Flexible alone, alpha {NIGHT.alpha:g}", above
    for name in ("C1", "C2"):
        rules = EarsRules(method=name, alpha=NIGHT.ears_alpha)
        yield (
            f"EARS {name}, alpha {NIGHT.ears_alpha:g}",
            np.array([ears_bounds(TABLE, week, rules).alarm for week in weeks]),
        )


def rises(_: Path, given: argparse.Namespace) -> bool:
    weeks = JUDGED[-26:] if given.short else JUDGED
    found = [bounds(TABLE, week, RULES) for week in weeks]
    wrong = otherwise_than_r(weeks, found)
    figures = {name: judged(alarms, weeks) for name, alarms in methods(weeks, found)}
    night, peers = next(iter(figures.values())), []
    rising = np.array([[one.is_rising(week) for one in SERIES] for week in weeks])
    for back in (52, 104):
        score = deviations(weeks, back)
        figures[f"mean + 2 deviations of {back} weeks"] = judged(score > 2, weeks)
        # So many of the weeks that aren't rising may be above it.
        level = float(np.sort(score[~rising])[-round(night[0] * len(weeks)) - 1])
        peers.append(judged(score > level, weeks))
        figures[f"mean + {level:.2f} deviations of {back} weeks"] = peers[-1]
    rows = [[name, f"{false:.2f}", str(found), f"{late:.2f}"] for name, (false, found, late) in figures.items()]
    table(["by", "false alarms a week", "rises found", "weeks until then"], rows)
    wrong += [f"{night[0]:.2f} false alarms a week"] if night[0] > FALSE_AIM else []
    wrong += [f"no more or no sooner than {one}" for one in peers if not (night[1] > one[1] and night[2] < one[2])]
    return told_wrong(wrong)


def night(_: Path, __: argparse.Namespace) -> bool:
    asked = [Asked(one.name, date(2021, 1, 4), "week", one.counts) for one in SERIES]
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    found = asyncio.run(judge(asked, NIGHT))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    memory = used.ru_maxrss / 1024
    print(f"{len(found)} of {len(asked)} series of {WEEKS} weeks, with {NIGHT.window} bounds of each:", end=" ")
    print(f"{cpu:.1f} s of processor time, {memory:.0f} MiB, {time.perf_counter() - begun:.1f} s\n", flush=True)
    wrong = [f"{cpu:.1f} s"] if cpu > CPU_AIM_S else []
    return told_wrong(wrong + ([f"{memory:.0f} MiB"] if memory > MEMORY_AIM_MIB else []))


if __name__ == "__main__":
    sys.exit(run_parts(options(__doc__), {"rises": rises, "night": night}))
