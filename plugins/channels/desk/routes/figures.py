"""How desks do, by desk, officer or label: asked, answered in time, waited, handled, rated; as a table too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import mean, median
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Parameter, reply, text_in
from banshi.sdk.documents import TEXT, Record, array
from banshi.sdk.http import Routes, etag_of, midnight, reply_bytes
from banshi.sdk.spreadsheets import MARK, csv_row
from desk.places import LEAD
from desk.rounds import ANSWER_AIM
from desk.routes.enquiries import desks_of, labels_of
from desk.routes.keeping import COUNT, DAY
from desk.tables.models import Enquiry

ROUTES = Routes("desk")

SECONDS = {"type": ["number", "null"], "description": "Seconds; null where there was none."}
NUMBERS: dict[str, Any] = {
    **dict.fromkeys(("asked", "answered", "in_time", "handled", "left", "words", "rated"), COUNT),
    **dict.fromkeys(("wait", "wait_median", "wait_p90"), SECONDS),
    **dict.fromkeys(("first_answer", "first_answer_median", "first_answer_p90"), SECONDS),
    "rating": {"type": ["number", "null"]},
}
FIGURES = Record(
    desk=TEXT, of={**TEXT, "description": "An officer's id or a label's code; empty for those of nobody, and by desk."},
    name=TEXT, **NUMBERS,
)  # fmt: skip
BY = "What a line is of: a desk, whoever held it last, or a label (of several it counts for each)."
PERIOD = (
    Parameter("from", DAY, "The first day; a week ago by default."),
    Parameter("until", DAY, "The last day; today by default."),
    Parameter("by", {"enum": ["desk", "officer", "label"], "default": "desk"}, BY),
)


@ROUTES.get(
    "/v1/desk/figures", Audience.STAFF, {200: Answer("Line by line.", Record(items=array(FIGURES)))}, parameters=PERIOD
)
async def show_desk_figures(call: Call) -> web.StreamResponse:
    """Show how the desks that you lead have done: answered within three minutes, waited, handled, rated."""
    return reply(call, {"items": await _lines(call)})


@ROUTES.get(
    "/v1/desk/figures.csv",
    Audience.STAFF,
    {200: Answer("UTF-8 with a byte order mark, for spreadsheets.", media_type="text/csv")},
    parameters=PERIOD,
)
async def export_desk_figures(call: Call) -> web.StreamResponse:
    """Read the same as a table."""
    lines = [line.values() for line in await _lines(call)]
    body = MARK + b"".join(map(csv_row, [FIGURES["properties"], *lines]))
    named = {"Content-Disposition": 'attachment; filename="desk-figures.csv"'}
    return reply_bytes(call, body, "text/csv; charset=utf-8; header=present", etag_of(body), named)


async def _lines(call: Call) -> list[dict[str, Any]]:
    """Those of the desks that the caller leads, in the period that they ask for."""
    platform, by, shown = call.platform, call.query.get("by", "desk"), []
    until = date.fromisoformat(call.query.get("until", platform.today().isoformat()))
    first = date.fromisoformat(call.query.get("from", (until - timedelta(days=7)).isoformat()))
    begins, ends = (midnight(platform, one) for one in (first, until + timedelta(days=1)))
    for desk in desks_of(platform, call.principal, LEAD):
        rows = await Enquiry.filter(desk=desk.code, asked_at__gte=begins, asked_at__lt=ends).only(*COLUMNS)
        groups: dict[str, list[Enquiry]] = {} if by != "desk" else {"": rows}
        labels = {code: text_in(title, call.language) for code, title in desk.labels.items()}
        names = {row.officer: row.officer_name for row in rows} if by == "officer" else labels
        for row in rows if by != "desk" else ():
            for of in [row.officer] if by == "officer" else labels_of(row) or [""]:
                groups.setdefault(of, []).append(row)
        for of, own in sorted(groups.items()):
            shown.append({"desk": desk.code, "of": of, "name": names.get(of, ""), **figures(own)})
    return shown


#: What figures are made of: nothing of any citizen's.
COLUMNS = ("id", "state", "asked_at", "claimed_at", "answered_at", "rating", "labels", "officer", "officer_name")


def figures(rows: Sequence[Enquiry]) -> dict[str, Any]:
    """Of enquiries, with seconds. Only what was accepted is answered."""
    asked = [row for row in rows if row.state != "word"]
    waits = [(row.claimed_at - row.asked_at).total_seconds() for row in asked if row.claimed_at]
    answers = [(row.answered_at - row.asked_at).total_seconds() for row in asked if row.answered_at]
    stars = [row.rating for row in asked if row.rating]
    return {
        "asked": len(asked),
        "answered": len(answers),
        "in_time": sum(one <= ANSWER_AIM.total_seconds() for one in answers),
        "handled": sum(row.state == "closed" for row in asked),
        "left": sum(row.state == "left" for row in asked),
        "words": len(rows) - len(asked),
        "rated": len(stars),
        **_times("wait", waits),
        **_times("first_answer", answers),
        "rating": round(mean(stars), 1) if stars else None,
    }


def _times(name: str, values: Sequence[float]) -> dict[str, float | None]:
    """Their mean, median and the time within which nine of ten were."""
    if not values:
        return dict.fromkeys((name, f"{name}_median", f"{name}_p90"))
    p90 = sorted(values)[math.ceil(len(values) * 0.9) - 1]
    return {name: round(mean(values), 1), f"{name}_median": round(median(values), 1), f"{name}_p90": round(p90, 1)}
