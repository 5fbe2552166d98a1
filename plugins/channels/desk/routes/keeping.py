"""What a desk is and how it does: its shifts with the days that differ, its phrases, its figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from aiohttp import web
from tortoise.exceptions import IntegrityError

from banshi import Answer, Audience, Call, Conflict, FieldProblem, InvalidFields, Parameter, Write, reply, text_in
from banshi.sdk.catalogue import initials
from banshi.sdk.documents import MAYBE_MOMENT, MOMENT, TEXT, Record, array
from banshi.sdk.hours import check_hours
from banshi.sdk.http import Routes
from banshi.sdk.toml import REQUIRED_LANGUAGES
from desk import places
from desk.placeholders import PLACEHOLDERS
from desk.places import CODE, LEAD, OFFICER, WORDS
from desk.routes.enquiries import desks_of, own_desk
from desk.sentences import say
from desk.settings import SETTINGS
from desk.tables.models import DeskDay, DeskPhrase, Enquiry

ROUTES = Routes("desk")

DAY = {"type": "string", "format": "date", "pattern": "^2"}
OF_DESK: Mapping[str, Mapping[str, Any]] = {"desk": CODE}
OF_DAY, OF_PHRASE = {**OF_DESK, "day": DAY}, {**OF_DESK, "code": CODE}
COUNT = {"type": "integer", "minimum": 0}

SHIFT = Record(begins=MOMENT, ends=MOMENT)
DESK = Record(
    code=TEXT, title=TEXT, department=TEXT, item={**TEXT, "description": "What a question becomes; empty: nothing."},
    sits={"type": "boolean"}, leads={"type": "boolean"}, open={"type": "boolean"}, opens_at=MAYBE_MOMENT, waiting=COUNT,
    shifts=array(SHIFT, description="Those of the next days."),
    labels=array(Record(code=TEXT, title=TEXT), description="What its enquiries may be about."),
)  # fmt: skip
STRETCH = {"type": "string", "maxLength": 11}
HOURS_BODY = Record(hours=array(STRETCH, maxItems=8, description="Such as `9:00-12:00`; none: it is closed.")).form()
TEXTS = Record(**{tag: {**WORDS, "maxLength": 2_000} for tag in REQUIRED_LANGUAGES})
PHRASE = Record(code=TEXT, version=COUNT, texts=TEXTS)
LAST_SEEN = {**COUNT, "description": "The one that you have seen last; 0 for none."}
PHRASE_BODY = Record(texts=TEXTS, version=LAST_SEEN).form()
LETTERS = {"type": "string", "minLength": 1, "maxLength": 32}
NO_PLACEHOLDER = "“{name}” is no placeholder: write citizen, officer, desk or case in braces."
GONE = Answer("It is as the calendar has it, or there is none any more.")


@ROUTES.get(
    "/v1/desk/desks",
    Audience.STAFF,
    {200: Answer("Yours, or all.", Record(items=array(DESK)))},
    parameters=(Parameter("all", {"type": "boolean"}, "Others' too, to which a conversation can be handed on."),),
)
async def list_desks(call: Call) -> web.StreamResponse:
    """List the desks at which you sit or which you lead: whether each is open, and its shifts."""
    platform, own, shown = call.platform, desks_of(call.platform, call.principal), []
    for desk in platform[SETTINGS].desks if own and call.query.get("all") else own:
        hours = await places.hours_of(platform, desk)
        about = {
            "title": text_in(desk.title, call.language),
            "sits": desk.is_of(call.principal, OFFICER),
            "leads": desk.is_of(call.principal, LEAD),
            "open": hours.is_open,
            "opens_at": platform.moment(hours.opens_at),
            "waiting": await Enquiry.filter(desk=desk.code, state="waiting").count(),
            "labels": [{"code": code, "title": text_in(title, call.language)} for code, title in desk.labels.items()],
            "shifts": [SHIFT.of(platform, one) for one in hours.shifts],
        }
        shown.append(DESK.of(platform, desk, **about))
    return reply(call, {"items": shown})


@ROUTES.put(
    "/v1/desk/desks/{desk}/days/{day}",
    Audience.STAFF,
    {200: Answer("Its hours on that day.", Record(day=DAY, hours=array(TEXT)))},
    body=HOURS_BODY,
    path_schemas=OF_DAY,
)
async def set_desk_day(call: Call) -> web.StreamResponse:
    """Give one day other hours than the calendar does: a holiday that is worked, an afternoon that isn't."""
    desk, hours = own_desk(call, call.path["desk"], LEAD), call.body["hours"]
    try:
        check_hours({"workday": hours})
    except ValueError:
        told = say("Write hours as 9:00-12:00; they begin before they end and don't overlap.")
        raise InvalidFields([FieldProblem("/hours", told)]) from None
    of = {"desk": desk.code, "day": date.fromisoformat(call.path["day"])}
    await places.put(call.platform, DeskDay, of, {"hours": hours})
    return reply(call, {"day": call.path["day"], "hours": hours})


@ROUTES.delete("/v1/desk/desks/{desk}/days/{day}", Audience.STAFF, {204: GONE}, path_schemas=OF_DAY)
async def clear_desk_day(call: Call) -> web.StreamResponse:
    """Let a day have the calendar's hours again."""
    desk = own_desk(call, call.path["desk"], LEAD)
    await DeskDay.filter(desk=desk.code, day=date.fromisoformat(call.path["day"])).delete()
    return web.Response(status=204)


@ROUTES.get(
    "/v1/desk/desks/{desk}/phrases",
    Audience.STAFF,
    {200: Answer("All.", Record(items=array(PHRASE)))},
    parameters=(Parameter("q", LETTERS, "Those with these letters in code or words, or as their initials (bgsj)."),),
    path_schemas=OF_DESK,
)
async def list_desk_phrases(call: Call) -> web.StreamResponse:
    """List a desk's canned answers, each in its last version; those that begin with the letters in front."""
    desk = own_desk(call, call.path["desk"])
    last: dict[str, DeskPhrase] = {row.code: row for row in await DeskPhrase.filter(desk=desk.code).order_by("version")}
    typed = call.query.get("q", "").casefold()
    found = [(at, code) for code, row in last.items() if row.texts and (at := _at(row, typed)) >= 0]
    return reply(call, {"items": [PHRASE.of(call.platform, last[code]) for _, code in sorted(found)]})


def _at(row: DeskPhrase, typed: str) -> int:
    """Where letters stand in its code or words, or their initials, at the earliest; -1 for nowhere."""
    texts = [text for own in (row.code, *row.texts.values()) for text in (own.casefold(), initials(own))]
    return min((at for text in texts if (at := text.find(typed)) >= 0), default=-1)


async def _write_phrase(call: Call, texts: dict[str, str], seen: int | None) -> DeskPhrase:
    """The next version. Raises Conflict where somebody else has written it."""
    desk = own_desk(call, call.path["desk"], LEAD)
    last = await DeskPhrase.filter(desk=desk.code, code=call.path["code"]).order_by("-version").first()
    version = last.version if last else 0
    changed = Conflict(say("Somebody has changed this phrase; look at it again."), version=version)
    if seen not in (None, version):
        raise changed
    row = DeskPhrase(desk=desk.code, code=call.path["code"], version=version + 1, texts=texts, at=call.now)
    try:
        await call.platform.store.commit(Write(rows=[row]))
    except IntegrityError:
        raise changed from None
    return row


@ROUTES.put(
    "/v1/desk/desks/{desk}/phrases/{code}",
    Audience.STAFF,
    {200: Answer("Its new version.", PHRASE), 409: Answer("Somebody has changed it.")},
    body=PHRASE_BODY,
    path_schemas=OF_PHRASE,
)
async def set_desk_phrase(call: Call) -> web.StreamResponse:
    """Write the next version of a canned answer."""
    named = [(tag, one) for tag, text in call.body["texts"].items() for one in re.findall(r"{([^{}]*)}", text)]
    if unknown := [one for one in named if one[1] not in PLACEHOLDERS]:
        raise InvalidFields([FieldProblem(f"/texts/{tag}", say(NO_PLACEHOLDER, name=name)) for tag, name in unknown])
    row = await _write_phrase(call, call.body["texts"], call.body["version"])
    return reply(call, PHRASE.of(call.platform, row))


@ROUTES.delete("/v1/desk/desks/{desk}/phrases/{code}", Audience.STAFF, {204: GONE}, path_schemas=OF_PHRASE)
async def end_desk_phrase(call: Call) -> web.StreamResponse:
    """Take a canned answer away; its versions are kept."""
    await _write_phrase(call, {}, None)
    return web.Response(status=204)
