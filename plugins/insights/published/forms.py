"""Published weeks as JSON-stat 2.0 (json-stat.org/full) and as a table of RFC 4180."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import orjson

from banshi import text_in
from insights.published.models import OpenWeek
from insights.published.publication import ALL
from insights.sentences import word

#: What spreadsheets need to see that a file is UTF-8, and what begins a formula there.
MARK, FORMULA = "\ufeff", ("=", "+", "-", "@", "\t", "\r")

#: JSON-stat's statuses of a figure that is hidden, and of one that nobody knows.
HIDDEN, UNKNOWN = "c", ":"

#: Codes with what they are called: the sum first, each group before its categories.
Labels = Mapping[str, str]


def json_stat(weeks: Sequence[OpenWeek], places: Labels, codes: Labels, language: str, **more: object) -> bytes:
    """A data set by week, division and category, with `more` members of it."""
    groups = {code: group for week in weeks for code, group in week.groups.items()}
    inner: dict[str, list[str]] = defaultdict(list)
    for code in [*codes][1:]:
        inner[groups.get(code) or ALL].append(code)
    days = {f"{one.week:%G-W%V}": f"{one.week}" for one in weeks}
    outer = {ALL: [*places][1:]}
    dimensions: dict[str, Any] = {
        "week": {"label": word("Week"), "category": {"index": [*days], "label": days}},
        "division": {"label": word("Division"), "category": {"index": [*places], "label": places, "child": outer}},
        "category": {"label": word("Category"), "category": {"index": [*codes], "label": codes, "child": inner}},
    }
    found = [*_figures(weeks, places, codes)]
    note = word("Figures from 1 to 4 are hidden (c), and as many others as would give these away.")
    document = {
        "version": "2.0",
        "class": "dataset",
        "label": text_in(word("What was counted, by week, division and category"), language),
        "note": [text_in(note, language)],
        "updated": max(one.published_at for one in weeks).isoformat(),
        "role": {"time": ["week"], "geo": ["division"]},
        "id": [*dimensions],
        "size": [len(weeks), len(places), len(codes)],
        "dimension": {name: {**one, "label": text_in(one["label"], language)} for name, one in dimensions.items()},
        "value": [figure for *_, figure, _ in found],
        "status": {str(at): status for at, (*_, status) in enumerate(found) if status},
    }
    return orjson.dumps({**document, **more})


def table(weeks: Sequence[OpenWeek], places: Labels, codes: Labels) -> bytes:
    """A line for each figure."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(["week", "division", "division_title", "category", "category_title", "count", "status"])
    safe = {one: f"'{one}" if one.startswith(FORMULA) else one for one in (*places.values(), *codes.values())}
    for week, place, code, figure, status in _figures(weeks, places, codes):
        lines.writerow([week, place, safe[places[place]], code, safe[codes[code]], figure, status])
    return (MARK + text.getvalue()).encode()


def _figures(weeks: Sequence[OpenWeek], *labels: Labels) -> Iterator[tuple[str, str, str, int | None, str]]:
    for week in weeks:
        for place, code in product(*labels):
            own = week.figures.get(place, {})
            status = "" if own.get(code) is not None else HIDDEN if code in own else UNKNOWN
            yield str(week.week), place, code, own.get(code), status
