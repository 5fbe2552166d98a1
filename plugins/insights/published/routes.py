"""Open figures, for anybody: a year of weeks as JSON-stat and as a table."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial

from aiohttp import web

from banshi import Answer, Audience, Call, Key, NotFound, Parameter, Platform, text_in
from banshi.sdk.http import KeptFigures, Routes, etag_of, reply_bytes
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import DIVISIONS
from insights.published.forms import json_stat, table
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
