"""Figures: how much waits, how long it takes, what is on time and how it is rated, by unit and week."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any

from aiohttp import web

from banshi import Texts, text_in
from banshi.sdk.http import MIN_SHOWN
from charts import BarChart, LineChart
from charts.figures import Figure
from web_site.rendering import day_in
from web_site.rooms import FIGURES
from web_site.sentences import say, word
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
    units = {_code(one): one for one in lines}
    chosen = visit.call.query.get("unit", "")
    if chosen not in units:
        chosen = next(iter(units), "")
    now = [*_by_unit(visit, lines), *await _ratings(visit, lines), *await _desks(visit)]
    names = {key: unit_title(visit, one) for key, one in units.items()}
    by_week = [*_by_week(visit, units[chosen])] if chosen else []
    return await visit.page(
        "staff/figures.html", here="/figures", charts=now, by_week=by_week, units=names, chosen=chosen
    )


def unit_title(visit: Visit, line: Line) -> str:
    titles = {name: line[name]["title"] for name in ("department", "unit") if line.get(name, {}).get("title")}
    return say.text(visit.language, "{department}, {unit}", **titles) if len(titles) > 1 else "".join(titles.values())


def _code(line: Line) -> str:
    return f"{line['department']['code']}/{line['unit']['code']}"


def _by_unit(visit: Visit, lines: Sequence[Line]) -> Iterator[Shown]:
    """What waits now, how punctually cases were decided, and how long it took."""
    groups = [word("Waiting for staff"), word("Past their day"), word("Longer than four weeks")]
    waits = ("waiting", "late", "over_month")
    yield from _bars(visit, "waiting", word("What waits now"), groups, lines, lambda one: [one[name] for name in waits])
    title = word("Decided on time, of what came in in twelve weeks")
    yield from _bars(
        visit, "punctual", title, [word("On time")], lines, lambda one: [one["on_time_percent"]], most=100, unit="%"
    )
    title = word("Days until the decision, on average")
    yield from _bars(visit, "days", title, [word("Days used")], lines, lambda one: [one["mean_days"]])


async def _ratings(visit: Visit, lines: Sequence[Line]) -> Iterator[Shown]:
    """The stars of what these units have answered; none where the platform has no appeals."""
    found = await visit.published("/v1/statistics/appeals")
    own = {_code(one) for one in lines}
    rated = [one for one in (found or {}).get("items", ()) if _code(one) in own]
    title = word("How answers to appeals were rated, in twelve months")
    return _bars(
        visit, "stars", title, [word("Stars of five")], rated, lambda one: [one["mean_rating"]], most=MOST_STARS
    )


async def _desks(visit: Visit) -> Iterator[Shown]:
    """How the desks that one leads have done in a week; what comes from few is nobody's figure."""
    found = (await visit.find("/v1/desk/figures") or {}).get("items", ())
    titles = {one["code"]: one["title"] for one in (await visit.get("/v1/desk/desks"))["items"]} if found else {}
    lines = [{**one, "department": {"title": titles.get(one["desk"], one["desk"])}} for one in found]

    def in_time(one: Line) -> Sequence[Figure]:
        return [round(100 * one["in_time"] / one["answered"]) if one["answered"] >= MIN_SHOWN else None]

    def stars(one: Line) -> Sequence[Figure]:
        return [one["rating"] if one["rated"] >= MIN_SHOWN else None]

    title = word("First answers at the desk within three minutes, in a week")
    answers = _bars(visit, "desk-in-time", title, [word("In time")], lines, in_time, most=100, unit="%")
    title = word("How talks at the desk were rated, in a week")
    return chain(answers, _bars(visit, "desk-stars", title, [word("Stars of five")], lines, stars, most=MOST_STARS))


def _bars(
    visit: Visit, name: str, title: Texts, groups: Sequence[Texts], lines: Sequence[Line],
    figures: Callable[[Line], Sequence[Figure]], **more: Any,
) -> Iterator[BarChart]:  # fmt: skip
    """Bars by unit; none where nothing may be told of any."""
    rows = [(unit_title(visit, one), figures(one)) for one in lines]
    known = [(told[0], row) for row, told in rows if told[0] is not None]
    if known:
        (most, where), unit = max(known), more.get("unit", "")
        about = word(
            "{count} units; the highest is {figure} ({where}).", count=len(rows), figure=f"{most:g}{unit}", where=where
        )
        told = [text_in(one, visit.language) for one in (title, about, word("Unit"), word("under 5"))]
        names = [text_in(one, visit.language) for one in groups]
        yield BarChart(
            id=name, title=told[0], about=told[1], of=told[2], untold=told[3], groups=names, rows=rows, **more
        )


def _by_week(visit: Visit, line: Line) -> Iterator[LineChart]:
    """What came in to a unit week by week, and how punctually it was decided."""
    for name, title, figures, unit in (
        ("received", word("What came in, by week"), word("Cases"), ""),
        ("on_time_percent", word("Decided on time, by the week in which it came in"), word("On time"), "%"),
        ("mean_days", word("Days until the decision, by the week in which it came in"), word("Days used"), ""),
    ):
        points = [(day_in(visit.language, date.fromisoformat(one["week"])), one[name]) for one in line["weeks"]]
        known = [value for _, value in points if value is not None]
        if any(known):
            least, most = f"{min(known):g}{unit}", f"{max(known):g}{unit}"
            about = word("{count} weeks, between {least} and {most}.", count=len(points), least=least, most=most)
            texts = (title, about, word("Week from"), figures, word("under 5"))
            told = [text_in(one, visit.language) for one in texts]
            yield LineChart(
                id=name.replace("_", "-"), title=told[0], about=told[1], period=told[2], figures=told[3],
                untold=told[4], points=points, language=visit.language, unit=unit,
            )  # fmt: skip
