"""Figures: how much waits, how long it takes, what is on time and how it is rated, by unit and week."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from aiohttp import web

from banshi import text_in
from charts import BarChart, LineChart
from charts.figures import Figure
from web_site.rendering import day_in
from web_site.rooms import FIGURES
from web_site.sentences import word
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(FIGURES)

#: Stars that an answer has at most, and weeks that are shown.
MOST_STARS, WEEKS = 5, "12"

Line = Mapping[str, Any]
Shown = BarChart | LineChart


@ROUTES.show("/figures", {"unit": 200})
async def show_figures(visit: Visit) -> web.StreamResponse:
    """Show figures of the units whose cases one reads, and of the desks that one leads."""
    lines = (await visit.get("/v1/statistics/cases", weeks=WEEKS))["items"]
    units = {f"{one['department']['code']}/{one['unit']['code']}": one for one in lines}
    chosen = visit.call.query.get("unit", "")
    if chosen not in units:
        chosen = next(iter(units), "")
    now = [*_by_unit(visit, lines), *await _ratings(visit, lines), *await _desks(visit)]
    names = {key: unit_title(visit, one) for key, one in units.items()}
    by_week = _by_week(visit, units[chosen]) if chosen else ()
    return await visit.page(
        "staff/figures.html", here="/figures", charts=now, by_week=by_week, units=names, chosen=chosen
    )


def unit_title(visit: Visit, line: Line) -> str:
    gap = "" if visit.language == "zh-CN" else ", "
    return gap.join(filter(None, (line["department"]["title"], line["unit"]["title"])))


def _said(visit: Visit, english: str, **names: Any) -> str:
    return text_in(word(english, **names), visit.language)


def _by_unit(visit: Visit, lines: Sequence[Line]) -> list[Shown]:
    """What waits now, how punctually cases were decided, and how long it took."""
    waits = ("waiting", "late", "over_month")
    groups = ["Waiting for staff", "Past their day", "Longer than four weeks"]
    found = [
        _bars(visit, "waiting", "What waits now", groups, lines, lambda one: [one[name] for name in waits]),
        _bars(visit, "punctual", "Decided on time, of what came in", ["On time"], lines,
              lambda one: [one["on_time_percent"]], most=100, unit="%"),
        _bars(visit, "days", "Days until the decision", ["Days"], lines, lambda one: [one["mean_days"]]),
    ]  # fmt: skip
    return [one for one in found if one]


async def _ratings(visit: Visit, lines: Sequence[Line]) -> list[Shown]:
    """The stars of what these units have answered; none where the platform has no appeals."""
    found = await visit.published("/v1/statistics/appeals")
    own = {(one["department"]["code"], one["unit"]["code"]) for one in lines}
    rated = [one for one in (found or {}).get("items", ()) if (one["department"]["code"], one["unit"]["code"]) in own]
    chart = _bars(visit, "stars", "How answers to appeals were rated, in twelve months", ["Stars of five"], rated,
                  lambda one: [one["mean_rating"]], most=MOST_STARS)  # fmt: skip
    return [chart] if chart else []


async def _desks(visit: Visit) -> list[Shown]:
    """How the desks that one leads have done in a week; what comes from fewer than five is nobody's figure."""
    found = (await visit.find("/v1/desk/figures") or {}).get("items", ())
    titles = {one["code"]: one["title"] for one in (await visit.get("/v1/desk/desks"))["items"]} if found else {}
    lines = [
        {
            "department": {"title": titles.get(one["desk"], one["desk"])},
            "unit": {"title": ""},
            "in_time": round(100 * one["in_time"] / one["answered"]) if one["answered"] >= 5 else None,
            "stars": one["rating"] if one["rated"] >= 5 else None,
        }
        for one in found
    ]
    made = [
        _bars(visit, "desk-in-time", "First answer at the desk within three minutes, this week", ["In time"], lines,
              lambda one: [one["in_time"]], most=100, unit="%"),
        _bars(visit, "desk-stars", "How talks at the desk were rated, this week", ["Stars of five"], lines,
              lambda one: [one["stars"]], most=MOST_STARS),
    ]  # fmt: skip
    return [one for one in made if one]


def _bars(
    visit: Visit, name: str, title: str, groups: Sequence[str], lines: Sequence[Line],
    figures: Callable[[Line], Sequence[Figure]], **more: Any,
) -> BarChart | None:  # fmt: skip
    """Bars by unit; none where nothing may be told of any."""
    rows = [(unit_title(visit, one), figures(one)) for one in lines]
    known = [(told[0], row) for row, told in rows if told[0] is not None]
    if not known:
        return None
    most, where = max(known)
    unit = more.get("unit", "")
    about = _said(
        visit, "{count} units; the most is {figure} ({where}).", count=len(rows), figure=f"{most:g}{unit}", where=where
    )
    untold = _said(visit, "under 5")
    return BarChart(
        id=name, title=_said(visit, title), about=about, of=_said(visit, "Unit"),
        groups=[_said(visit, one) for one in groups], rows=rows, untold=untold, **more,
    )  # fmt: skip


def _by_week(visit: Visit, line: Line) -> list[Shown]:
    """What came in to a unit week by week, and how punctually it was decided."""
    made = list[Shown]()
    for name, title, figures, unit in (
        ("received", "What came in, by week", "Cases", ""),
        ("on_time_percent", "Decided on time, by the week in which it came in", "On time", "%"),
        ("mean_days", "Days until the decision, by the week in which it came in", "Days", ""),
    ):
        points = [(day_in(visit.language, date.fromisoformat(one["week"])), one[name]) for one in line["weeks"]]
        known = [value for _, value in points if value is not None]
        if not any(known):
            continue
        about = _said(visit, "{count} weeks, between {least} and {most}.", count=len(points),
                      least=f"{min(known):g}{unit}", most=f"{max(known):g}{unit}")  # fmt: skip
        made.append(LineChart(
            id=name.replace("_", "-"), title=_said(visit, title), about=about, period=_said(visit, "Week from"),
            figures=_said(visit, figures), points=points, language=visit.language, unit=unit,
            untold=_said(visit, "under 5"),
        ))  # fmt: skip
    return made
