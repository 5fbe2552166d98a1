"""Open figures, for anybody: a year of weeks as JSON-stat and as a table."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import product
from typing import Any

import orjson
from aiohttp import web

from banshi import Answer, Audience, Call, Key, NotFound, Parameter, Platform, text_in
from banshi.sdk.http import KeptFigures, Routes, etag_of, reply_bytes
from banshi.sdk.spreadsheets import MARK, csv_row
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import DIVISIONS
from insights.published.models import OpenWeek
from insights.published.publication import ALL, ELSEWHERE
from insights.sentences import say, word
from insights.settings import SETTINGS

ROUTES = Routes("statistics", from_replica=True)

#: JSON-stat and the table of a year, by the year and the language.
OPEN_FIGURES: Key[KeptFigures[tuple[int, str], tuple[bytes, ...]]] = Key("open figures")

YEAR = Parameter("year", {"type": "integer", "minimum": 2000, "maximum": 2100}, "Of ISO weeks; this one by default.")
#: What it has beyond these is JSON-stat's to say.
DATASET = {"type": "object", "required": ["version", "class", "id", "size", "dimension", "value"]}
NONE = Answer("None of that year is published.")
CSV = Answer("UTF-8 with a byte order mark, for spreadsheets.", media_type="text/csv")


@ROUTES.get(
    "/v1/open-figures.json", Audience.ANYONE, {200: Answer("JSON-stat 2.0.", DATASET), 404: NONE}, parameters=(YEAR,)
)
async def open_figures(call: Call) -> web.StreamResponse:
    """Read a year's open figures by week, division and category, as JSON-stat."""
    return await _sent(call, 0, "application/json")


@ROUTES.get("/v1/open-figures.csv", Audience.ANYONE, {200: CSV, 404: NONE}, parameters=(YEAR,))
async def open_figures_as_table(call: Call) -> web.StreamResponse:
    """Read a year's open figures by week, division and category, as a table."""
    return await _sent(call, 1, "text/csv; charset=utf-8; header=present")


async def _sent(call: Call, form: int, media_type: str) -> web.StreamResponse:
    year = int(call.query.get("year", call.platform.today().isocalendar().year))
    found = await call.platform[OPEN_FIGURES].of((year, call.language))
    if not found:
        raise NotFound(say("No figures of that year are published; the latest are some weeks old."))
    about = {"Content-Language": call.language, "Vary": "Accept-Language", "Access-Control-Allow-Origin": "*"}
    about["Link"] = f'<{call.platform[SETTINGS].open_figures.license}>; rel="license"'
    return reply_bytes(call, found[form], media_type, etag_of(found[form]), about)


async def written(platform: Platform, asked: tuple[int, str]) -> tuple[bytes, ...]:
    """A year's weeks as JSON-stat and as a table; nothing where none is published."""
    (year, language), categories = asked, platform[CATEGORIES]
    first, last = date.fromisocalendar(year, 1, 1), date.fromisocalendar(year + 1, 1, 1)
    weeks = await OpenWeek.filter(week__gte=first, week__lt=last).order_by("week")
    if not weeks:
        return ()
    titles = {one.group: one.group_title for one in categories.values()} | {ALL: word("All")}
    titles |= {code: one.title for code, one in categories.items()} | {ELSEWHERE: word("Elsewhere or unknown")}
    groups = {code: group for week in weeks for code, group in week.groups.items()}
    known = {code for week in weeks for found in week.figures.values() for code in found}
    # The sum is first, and each group before its categories.
    ordered = sorted(known, key=lambda one: (one != ALL, groups.get(one) or one, one in groups, one))
    order = sorted({place for week in weeks for place in week.figures}, key=lambda one: (one != ALL, one))
    places, codes = (
        {one: text_in(titles.get(one) or platform[DIVISIONS].title(one), language) for one in some}
        for some in (order, ordered)
    )
    link = {"license": [{"type": "text/html", "href": platform[SETTINGS].open_figures.license}]}
    forms = partial(json_stat, weeks, places, codes, language, link=link), partial(table, weeks, places, codes)
    return await asyncio.to_thread(lambda: tuple(form() for form in forms))


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
    head = ("week", "division", "division_title", "category", "category_title", "count", "status")
    rows = (
        (week, place, places[place], code, codes[code], figure, status)
        for week, place, code, figure, status in _figures(weeks, places, codes)
    )
    return MARK + b"".join(map(csv_row, (head, *rows)))


def _figures(weeks: Sequence[OpenWeek], *labels: Labels) -> Iterator[tuple[str, str, str, int | None, str]]:
    for week in weeks:
        for place, code in product(*labels):
            own = week.figures.get(place, {})
            status = "" if own.get(code) is not None else HIDDEN if code in own else UNKNOWN
            yield str(week.week), place, code, own.get(code), status
