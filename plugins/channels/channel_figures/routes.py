"""How the channels do, for anybody, month by month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Texts, reply
from banshi.sdk.documents import TEXT, Record, array, named
from banshi.sdk.http import BY_MONTH, CHANNEL_FIGURES, Routes, first_day, month_of, month_parameters, months_of
from channel_figures.counting import CAME, publishable
from channel_figures.sentences import word

ROUTES = Routes("statistics")

#: Months that are told where nobody says which, without the present one.
DEFAULT_MONTHS = 12
#: How long after its end a month is told: by then it is known what was answered within a day.
SETTLED_AFTER = timedelta(days=1)

#: What people read for what is no kind of case.
WHATS: Mapping[str, Texts] = {
    "calls": word("Calls"),
    "conversations": word("Conversations"),
    "enquiries": word("Talks with a person"),
}
#: And for no channel.
ELSEWHERE = word("App and other programs")

_COUNT = {"type": ["integer", "null"], "minimum": 0}
_PERCENT = {"type": ["integer", "null"], "minimum": 0, "maximum": 100}
_CHANNEL = Record(
    channel=Record(code={**TEXT, "description": "Empty for apps and other programs."}, title=TEXT),
    received=_COUNT,
    answered_percent={**_PERCENT, "description": "Of these, answered by a person."},
    in_time_percent={**_PERCENT, "description": "Of these, answered so within `within_s` seconds."},
    within_s={**_COUNT, "description": "The aim of GB/T 33358; null where nobody has to answer."},
    rated=_COUNT,
    mean_rating={"type": ["number", "null"], "minimum": 1, "maximum": 5},
)
_LINE = Record(what=Record(code=TEXT, title=TEXT), received=_COUNT, channels=array(_CHANNEL))
TABLE = Record(**BY_MONTH, months=array(Record(month=TEXT, items=array(_LINE))))


@ROUTES.get(
    "/v1/statistics/channels",
    Audience.ANYONE,
    {200: Answer("The oldest month first; none that isn't over.", TABLE)},
    from_replica=True,
    parameters=month_parameters(f"{DEFAULT_MONTHS} months before"),
)
async def channel_statistics(call: Call) -> web.StreamResponse:
    """Compare what comes by app, site, chat and phone, how fast it is answered, and how it is rated.

    Test cases don't count.
    """
    platform, months = call.platform, months_of(call, DEFAULT_MONTHS + 1)
    titles: dict[str, Texts] = {"": ELSEWHERE}
    for _, offered in platform.offered(CHANNEL_FIGURES):
        titles |= offered.titles(platform)
    over = month_of((platform.city_time() - SETTLED_AFTER).date().isoformat())
    found = []
    for month in range(months.first, min(months.last + 1, over)):
        figures = await platform[CAME].of(month)
        lines = [_line(call, what, figures[what], titles) for what in sorted(figures)]
        found.append({"month": f"{first_day(month):%Y-%m}", "items": lines})
    return reply(call, {**months.document(), "months": found})


def _line(call: Call, what: str, figures: Mapping[str, Counter[str]], titles: Mapping[str, Texts]) -> dict[str, Any]:
    kind = call.platform.registry.kinds.get(what)
    received, total = publishable({channel: one["received"] for channel, one in figures.items()})
    rated, _ = publishable({channel: one["rated"] for channel, one in figures.items()})
    return {
        "what": named(what, kind.title if kind else WHATS.get(what), call.language),
        "received": total,
        "channels": [
            {
                "channel": named(channel, titles.get(channel), call.language),
                "received": received[channel],
                "answered_percent": _percent(one, "answered", received[channel]),
                "in_time_percent": _percent(one, "in_time", received[channel]),
                "within_s": one["within_s"] or None,
                "rated": rated[channel],
                "mean_rating": round(one["stars"] / one["rated"], 1) if rated[channel] else None,
            }
            for channel, one in sorted(figures.items())
        ],
    }


def _percent(figures: Mapping[str, int], name: str, received: int | None) -> int | None:
    """Of what is shown and has to be answered."""
    return round(100 * figures[name] / received) if received and figures["within_s"] else None
