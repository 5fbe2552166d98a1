"""The program of the night's process: series on its standard input, verdicts on its standard output, one JSON a line.

A line without a `key` sets rules, by the names of RULES; all others are series, as `Asked` in `judging` has them.
A series that is wrong is told with its key, and the others are judged.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from insights.methods import table_of
from insights.methods.baseline import TooShort
from insights.methods.discoveries import chance_per_year, cut
from insights.methods.ears import EarsRules, ears_bounds
from insights.methods.farrington import Bounds, Rules, bounds
from insights.methods.tails import Values

#: Periods of a series, and the highest count.
MAX_PERIODS, MAX_COUNT = 4_000, 10**12
#: Days of a period, and periods of a year.
DAYS, PERIODS = {"week": 7, "day": 1}, {"week": 52, "day": 365}
#: The status where a series was wrong; 1 is Python's own where the program is.
SOME_WRONG = 3
#: By method, the rule that says how rare an alarm of its own is.
ALPHAS = {"farrington-flexible": "alpha", "ears-c2": "ears_alpha"}
#: Farrington Flexible wants so many years at least.
LEAST_YEARS = 3


#: By what is judged (see NightSettings); `memory` are the bytes that may be asked for beyond what there is by then.
RULES = {"alpha": 0.01, "ears_alpha": 0.001, "rate": 0.05, "years": 5, "window": 26, "memory": 0}


def main() -> int:
    """Judge what comes; gives the status to end with."""
    rules, asked, status = RULES, [], 0
    for line in sys.stdin.buffer:
        key = None
        try:
            document = json.loads(line)
            if (key := document.get("key")) is not None:
                asked.append(checked(document))
            else:
                rules = RULES | document
                bound_memory(int(rules["memory"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            print(json.dumps({"key": key, "error": f"{type(error).__name__}: {error}"}))
            status = SOME_WRONG
    for verdict in judged(asked, rules):
        print(json.dumps(verdict))
    return status


def bound_memory(size: int) -> None:
    """Have the system refuse more memory than that where it can, and leave the core to whoever else wants it."""
    os.nice(19)
    if size and sys.platform == "linux":
        import resource

        now = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (now + size, now + size))


def checked(document: dict[str, Any]) -> dict[str, Any]:
    """A series whose counts are counts. Raises ValueError, TypeError and KeyError."""
    counts, grain, first = document["counts"], document["grain"], date.fromisoformat(document["first"])
    if grain not in DAYS or len(counts) > MAX_PERIODS:
        raise ValueError(f"grain {grain!r}, {len(counts)} counts: by week or day, {MAX_PERIODS} at most")
    for number, one in enumerate(counts):
        if one is not None and (type(one) is not int or not 0 <= one <= MAX_COUNT):
            raise ValueError(
                f"counts[{number}] is {str(one)[:40]}: whole numbers from 0 to {MAX_COUNT}, and null for a gap"
            )
    # What isn't known before the first count is no part of the series.
    before = next((number for number, one in enumerate(counts) if one is not None), len(counts))
    return document | {"first": first + timedelta(days=before * DAYS[grain]), "counts": counts[before:]}


def judged(asked: Iterable[Mapping[str, Any]], rules: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    """What is to be said of the last periods of each series; those of which nothing can be said are left out."""
    alike, together = defaultdict(list), defaultdict(list)
    for one in asked:
        alike[one["grain"], one["first"], len(one["counts"]), one.get("last", 1)].append(one)
    for (grain, first, length, last), group in alike.items():
        window = int(rules["window"])
        table = table_of([one["counts"] for one in group])
        places = range(max(0, length - window - last + 1), length)
        found = [_bounds(table, at, grain, first, rules) for at in places]
        for at in places[-last:]:
            until = at - places[0] + 1
            for verdict in _of_group(group, at, grain, first, found[max(0, until - window) : until]):
                together[grain, verdict["at"]].append(verdict)
    for (grain, _), verdicts in together.items():
        most = cut([one["p"] for one in verdicts], rules["rate"])
        rare = [min(most, rules[ALPHAS[one["method"]]]) for one in verdicts]
        chance = round(sum(chance_per_year(1, one, PERIODS[grain]) for one in rare), 4)
        for verdict in verdicts:
            is_alarm = verdict["is_alarm"] and verdict["p"] <= most
            yield verdict | {"is_alarm": is_alarm, "chance_per_year": chance}


def _of_group(
    group: list[Mapping[str, Any]], place: int, grain: str, first: date, found: list[tuple[str, Bounds]]
) -> Iterator[dict[str, Any]]:
    """Verdicts on a period of series that begin and end together, before they are held against others."""
    (method, last), period = found[-1], timedelta(days=DAYS[grain])
    at = first + place * period
    for row, one in enumerate(group):
        if np.isnan(last.p[row]):
            continue
        run = len([*takewhile(bool, (its.alarm[row] for _, its in reversed(found)))])
        told = [(_told(its.expected[row]), _told(its.upper[row])) for _, its in found]
        yield {
            "key": one["key"],
            "at": str(at),
            "count": one["counts"][place],
            "expected": told[-1][0],
            "upper": told[-1][1],
            "p": float(last.p[row]),
            "method": method,
            "is_alarm": bool(last.alarm[row]),
            "since": str(at - max(run - 1, 0) * period),
            "bounds": told,
        }


def _bounds(table: Values, at: int, grain: str, first: date, rules: Mapping[str, float]) -> tuple[str, Bounds]:
    """By which method one position is judged, and how: by as many years as there are, else by the last few periods."""
    about: Any = {
        "w": 3,
        "no_periods": 10,
        "past_weeks_not_included": 26,
        "p_threshold_trend": 1.0,
        "alpha": rules["alpha"],
    }
    for years in range(int(rules["years"]), LEAST_YEARS - 1, -1) if grain == "week" else ():
        try:
            return "farrington-flexible", bounds(table, at, Rules(b=years, threshold_method="nbPlugin", **about), first)
        except TooShort:
            continue
    try:
        return "ears-c2", ears_bounds(table, at, EarsRules(method="C2", alpha=rules["ears_alpha"]))
    except TooShort:
        nothing = np.full(len(table), np.nan)
        return "", Bounds(nothing, nothing, nothing, np.zeros(len(table), bool))


def _told(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
