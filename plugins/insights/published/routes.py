"""Open figures, for anybody: a year of weeks as JSON-stat and as a table."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from banshi import LANGUAGES, Answer, Audience, Call, Key, NotFound, Parameter, Platform, text_in
from banshi.sdk.http import KeptFigures, Routes, etag_of, reply_bytes
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import DIVISIONS
from insights.published.forms import json_stat, table
from insights.published.models import OpenWeek
from insights.published.publication import ELSEWHERE
from insights.sentences import say, word
from insights.settings import SETTINGS

ROUTES = Routes("statistics", from_replica=True)

#: JSON-stat and the table of a year, by the year and the language.
OPEN_FIGURES: Key[KeptFigures[tuple[int, str], tuple[bytes, bytes]]] = Key("open figures")

YEAR = Parameter("year", {"type": "integer", "minimum": 2000, "maximum": 2100}, "Of ISO weeks; this one by default.")
#: What it has beyond these is JSON-stat's to say.
DATASET = {"type": "object", "required": ["version", "class", "id", "size", "dimension", "value"]}
NONE = Answer("None of that year is published.")
CSV = "text/csv; charset=utf-8; header=present"


@ROUTES.get(
    "/v1/open-figures.json", Audience.ANYONE, {200: Answer("JSON-stat 2.0.", DATASET), 404: NONE}, parameters=(YEAR,)
)
async def open_figures(call: Call) -> web.StreamResponse:
    """Read a year's open figures by week, division and category, as JSON-stat."""
    return _sent(call, (await _forms(call))[0], "application/json")


@ROUTES.get(
    "/v1/open-figures.csv",
    Audience.ANYONE,
    {200: Answer("UTF-8.", media_type="text/csv"), 404: NONE},
    parameters=(YEAR,),
)
async def open_figures_as_table(call: Call) -> web.StreamResponse:
    """Read a year's open figures by week, division and category, as a table."""
    return _sent(call, (await _forms(call))[1], CSV)


def _sent(call: Call, body: bytes, media_type: str) -> web.StreamResponse:
    spoken = {"Content-Language": call.language, "Vary": "Accept-Language", "Access-Control-Allow-Origin": "*"}
    spoken["Link"] = f'<{call.platform[SETTINGS].open_figures.license}>; rel="license"'
    return reply_bytes(call, body, media_type, etag_of(body), spoken)


async def _forms(call: Call) -> tuple[bytes, bytes]:
    year = int(call.query.get("year", call.platform.today().isocalendar().year))
    found = await call.platform[OPEN_FIGURES].of((year, call.language))
    if not found[0]:
        raise NotFound(say("No figures of that year are published; the latest are some weeks old."))
    return found


async def written(platform: Platform, asked: tuple[int, str]) -> tuple[bytes, bytes]:
    """A year's weeks in both forms; nothing where none is published."""
    year, language = asked
    first, last = date.fromisocalendar(year, 1, 1), date.fromisocalendar(year + 1, 1, 1)
    weeks = await OpenWeek.filter(week__gte=first, week__lt=last).order_by("week")
    if not weeks:
        return b"", b""
    names = {one.group: one.group_title for one in platform[CATEGORIES].values()} | {"": word("All")}
    names |= {code: one.title for code, one in platform[CATEGORIES].items()}
    groups = {code: group for week in weeks for code, group in week.groups.items()}
    # Each group stands before its categories.
    codes = sorted({*groups, *groups.values(), ""}, key=lambda code: (groups.get(code, code), code in groups, code))
    places = {"": word("All"), ELSEWHERE: word("Elsewhere or unknown")}
    labels = {
        "divisions": {
            one: text_in(places.get(one) or platform[DIVISIONS].title(one), language)
            for one in sorted({division for week in weeks for division in week.figures})
        },
        "codes": {one: text_in(names.get(one, {LANGUAGES[0]: one}), language) for one in codes},
    }
    link = {"license": [{"type": "text/html", "href": platform[SETTINGS].open_figures.license}]}
    return json_stat(weeks, language=language, link=link, **labels), table(weeks, **labels)
