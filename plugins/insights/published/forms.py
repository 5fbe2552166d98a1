"""Published weeks as JSON-stat 2.0 (json-stat.org/full) and as a table of RFC 4180."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from banshi import text_in
from insights.published.models import OpenWeek
from insights.sentences import word

#: What stands for the sum over all, which is "" in a week's table.
ALL = "all"

#: What spreadsheets need to see that a file is UTF-8, and what begins a formula there.
MARK, FORMULA = "\ufeff", ("=", "+", "-", "@", "\t", "\r")

#: JSON-stat's statuses of a figure that is hidden, and of one that nobody knows.
HIDDEN, UNKNOWN = "c", ":"

#: Codes with what they are called: "" first, each group before its categories.
Labels = Mapping[str, str]


def json_stat(weeks: Sequence[OpenWeek], divisions: Labels, codes: Labels, language: str, **more: object) -> bytes:
    """A data set by week, division and category, with `more` members of it."""
    groups = {code: group for week in weeks for code, group in week.groups.items()}
    inner: dict[str, list[str]] = defaultdict(list)
    for code in [*codes][1:]:
        inner[groups.get(code) or ALL].append(code)
    labels = {"week": {f"{one.week:%G-W%V}": f"{one.week}" for one in weeks}}
    labels |= {"division": _named(divisions), "category": _named(codes)}
    children = {"division": {ALL: [*divisions][1:]}, "category": inner}
    dimensions: dict[str, Any] = {
        name: {"category": {"index": [*own], "label": own, **({"child": one} if (one := children.get(name)) else {})}}
        for name, own in labels.items()
    }
    for name, title in (("week", word("Week")), ("division", word("Division")), ("category", word("Category"))):
        dimensions[name]["label"] = text_in(title, language)
    found = [*_figures(weeks, divisions, codes)]
    note = word("Figures from 1 to 4 are hidden (c), and as many others as would give these away.")
    return orjson.dumps(
        {
            "version": "2.0",
            "class": "dataset",
            "label": text_in(word("What was counted, by week, division and category"), language),
            "note": [text_in(note, language)],
            "updated": max(one.published_at for one in weeks).isoformat(),
            "role": {"time": ["week"], "geo": ["division"]},
            "id": [*labels],
            "size": [len(own) for own in labels.values()],
            "dimension": dimensions,
            "value": [figure for *_, figure, _ in found],
            "status": {str(at): status for at, (*_, status) in enumerate(found) if status},
            **more,
        }
    )


def table(weeks: Sequence[OpenWeek], divisions: Labels, codes: Labels) -> bytes:
    """A line for each figure."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(["week", "division", "division_title", "category", "category_title", "count", "status"])
    safe = {one: f"'{one}" if one.startswith(FORMULA) else one for one in (*divisions.values(), *codes.values())}
    for week, division, code, figure, status in _figures(weeks, divisions, codes):
        named = [division or ALL, safe[divisions[division]], code or ALL, safe[codes[code]]]
        lines.writerow([week, *named, figure, status])
    return (MARK + text.getvalue()).encode()


def _named(labels: Labels) -> dict[str, str]:
    return {code or ALL: title for code, title in labels.items()}


def _figures(
    weeks: Sequence[OpenWeek], divisions: Labels, codes: Labels
) -> Iterator[tuple[str, str, str, int | None, str]]:
    for week in weeks:
        for division in divisions:
            own: Mapping[str, int | None] = week.figures.get(division, {})
            for code in codes:
                status = "" if own.get(code) is not None else HIDDEN if code in own else UNKNOWN
                yield week.week.isoformat(), division, code, own.get(code), status
