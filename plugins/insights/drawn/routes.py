"""Pictures of findings for the department's staff: a chart as SVG, PNG and PDF, the map, and the week's report."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, InvalidParameter, NotFound, Parameter, Texts, text_in
from banshi.sdk.http import MIN_SHOWN, Routes, etag_of, reply_bytes
from insights.drawn.charts import chart_of, stand_alone, title_of
from insights.drawn.maps import division_map, shapes_of
from insights.drawn.press import PRESS
from insights.figures.calendar import WEEK, monday, open_week
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import DIVISIONS
from insights.figures.series import DEFAULT_WEEKS, series_of
from insights.findings.models import Finding
from insights.findings.reading import departments_of, found, of_week
from insights.findings.shown import whole
from insights.sentences import say, word
from insights.settings import SETTINGS

ROUTES = Routes("insights")

SVG, PNG, PDF = "image/svg+xml", "image/png", "application/pdf"

#: A picture's styles are in it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; sandbox"
STYLED = {"Content-Security-Policy": POLICY}

WEEK_OF = Parameter("week", {"type": "string", "format": "date"}, "A day of it; the last closed week by default.")
CATEGORY = Parameter("category", {"type": "string", "maxLength": 64}, "The code of one; it has to be named.")


@ROUTES.get("/v1/insights/findings/{id}/chart.svg", Audience.STAFF, {200: Answer("The chart.", media_type=SVG)})
async def show_chart(call: Call) -> web.StreamResponse:
    """Show a finding's series with its bound, what is above it and what was sent, as SVG."""
    return _sent(call, await _chart(call), SVG)


@ROUTES.get("/v1/insights/findings/{id}/chart.png", Audience.STAFF, {200: Answer("The chart.", media_type=PNG)})
async def show_chart_as_png(call: Call) -> web.StreamResponse:
    """Show the same as PNG, with letters for a phone's screen."""
    svg = (await _chart(call, large=True)).decode()
    return _sent(call, await call.platform[PRESS].drawn("png", {"svg": svg}), PNG)


@ROUTES.get("/v1/insights/findings/{id}/chart.pdf", Audience.STAFF, {200: Answer("A page.", media_type=PDF)})
async def show_chart_as_pdf(call: Call) -> web.StreamResponse:
    """Show the same with its figures, where it was and what was done, as a page for print and screen readers."""
    one = await found(call)
    return await _pdf(call, word("Finding"), one.at, [one])


@ROUTES.get(
    "/v1/insights/report.pdf", Audience.STAFF, {200: Answer("The report.", media_type=PDF)}, parameters=(WEEK_OF,)
)
async def show_report(call: Call) -> web.StreamResponse:
    """Report what rose in a week in the caller's departments: figures, places, and what was done."""
    week = _week(call)
    return await _pdf(call, word("What rose in the week from {day}", day=week), week, await of_week(call, week))


@ROUTES.get(
    "/v1/insights/map.svg", Audience.STAFF, {200: Answer("The map.", media_type=SVG)}, parameters=(CATEGORY, WEEK_OF)
)
async def show_map(call: Call) -> web.StreamResponse:
    """Show how many there were of a category in each division in a week, as a map; what few are is not told."""
    platform, week = call.platform, _week(call)
    category = platform[CATEGORIES].get(call.query.get("category", ""))
    if category is None or category.department not in departments_of(call):
        raise InvalidParameter(say("Name a category of a department of yours."), parameter="category")
    series = await series_of(platform, [category], weeks=(monday(platform.today()) - week) // WEEK + 1)
    counts = {one.division: dict(zip(one.periods, one.counts, strict=True)).get(week) for one in series}
    shapes = await asyncio.to_thread(shapes_of, platform.registry, platform[SETTINGS].map)
    title = text_in(word("{category} in the week from {day}", category=category.title, day=week), call.language)
    names = {one: text_in(platform[DIVISIONS].title(one), call.language) for one in shapes}
    # Where nothing was ever counted there were none, as long as anything is known of the week.
    figures = {one: counts.get(one, 0 if {*counts.values()} - {None} else None) for one in shapes}
    shown = {one: None if count and count < MIN_SHOWN else count for one, count in figures.items()}
    untold = text_in(word("fewer than {least}, or unknown", least=MIN_SHOWN), call.language)
    return _sent(call, stand_alone(await asyncio.to_thread(division_map, title, shapes, shown, names, untold)), SVG)


def _week(call: Call) -> date:
    last = open_week(call.platform) - WEEK
    week = monday(date.fromisoformat(call.query.get("week", f"{last}")))
    if not last - WEEK * DEFAULT_WEEKS <= week <= last:
        raise InvalidParameter(say("Name a day of a closed week of the last five years."), parameter="week")
    return week


async def _chart(call: Call, *, large: bool = False) -> bytes:
    shown = await whole(call, await found(call))
    if not shown["why"]["points"]:
        raise NotFound(say("What is urgent by a rule of its own has no series to draw."))
    return stand_alone(chart_of(shown, call.language).svg(), large=large)


async def _pdf(call: Call, title: Texts, day: date, findings: Sequence[Finding]) -> web.StreamResponse:
    sections: list[dict[str, Any]] = []
    for one in findings:
        shown = await whole(call, one)
        chart = chart_of(shown, call.language) if shown["why"]["points"] else None
        drawn = {"svg": stand_alone(chart.svg()).decode(), "alt": chart.about} if chart else {}
        sections.append({"title": title_of(shown, call.language), "finding": shown, **drawn})
    data = {"title": text_in(title, call.language), "sections": sections, "language": call.language}
    at = int(datetime.combine(day, time(), call.platform.settings.timezone).timestamp())
    return _sent(call, await call.platform[PRESS].drawn("pdf", data, at), PDF)


def _sent(call: Call, body: bytes, media_type: str) -> web.StreamResponse:
    spoken = {"Content-Language": call.language, "Vary": "Accept-Language"}
    return reply_bytes(call, body, media_type, etag_of(body), {**spoken, **STYLED})
