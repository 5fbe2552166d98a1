"""What a person wishes, for all their phones alike: topics and departments, quiet hours, notices or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiohttp import web
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from banshi import Answer, Audience, Call, FieldProblem, Form, InvalidFields, Platform, reply, text_in
from banshi.sdk.documents import TEXT, Record, array, optional
from banshi.sdk.http import Routes, page_answer
from mobile_push.audience.audience import DEPARTMENT
from mobile_push.audience.quiet_hours import zone_names
from mobile_push.delivery.service import PUSH
from mobile_push.delivery.topics.changes import kept
from mobile_push.phones.silence import set_silent, silent_categories
from mobile_push.sentences import say
from mobile_push.settings import SLUG
from mobile_push.tables.models import Follow, Profile

ROUTES = Routes("push")

#: Topics, and departments, that one person may follow.
MAX_FOLLOWED = 100

#: Names that a problem lists at most.
MAX_NAMES_LISTED = 20

_CODES = array({"type": "string", "maxLength": 64, "pattern": SLUG}, maxItems=MAX_FOLLOWED)
_TIME = {
    "type": "string",
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    "x-pattern-hint": say("Write a time of the day, such as 22:00."),
}
_ZONE = {"type": "string", "maxLength": 64, "description": "An IANA name, such as Asia/Shanghai."}

FIELDS: dict[str, Any] = {
    "topics": {**_CODES, "description": "Codes of `GET /v1/topics`."},
    "departments": {**_CODES, "description": "Codes of `GET /v1/departments`, whose notices are wanted."},
    "quiet_hours": {
        **Record(**dict.fromkeys(("from", "until"), _TIME), timezone=_ZONE),
        "type": ["object", "null"],
        "description": "When nothing but an alert makes a noise. `until` before `from` is on the next day.",
    },
    "notices": {"type": "boolean", "description": "Whether notices may wake the phones at all. Alerts always do."},
}

#: Of the kinds of items, whichever there are.
_SILENT = {
    **array({"type": "string", "maxLength": 32}, maxItems=MAX_FOLLOWED),
    "description": "Categories of messages about one's own cases that wake no phone, such as `posting`.",
}

PREFERENCES = Record(**FIELDS, silent_categories=_SILENT)

#: Apps of before 0.2.0 name four: what they don't know of stays.
WHOLE = Record(**FIELDS, silent_categories=optional(_SILENT)).form()
PART = Form.from_schema({**PREFERENCES, "required": [], "minProperties": 1})


SHOWN = {200: Answer("The preferences.", PREFERENCES)}


@ROUTES.get("/v1/preferences", Audience.CITIZEN, SHOWN)
async def show_preferences(call: Call) -> web.StreamResponse:
    """Show what the caller wishes to be told of, and when.

    Whoever has wished for nothing is shown what goes for them.
    """
    return reply(call, await document(call.platform, call.principal.subject))


@ROUTES.patch("/v1/preferences", Audience.CITIZEN, SHOWN, body=PART)
@ROUTES.put(
    "/v1/preferences",
    Audience.CITIZEN,
    SHOWN,
    operation="replace_preferences",
    summary="Set all preferences.",
    body=WHOLE,
)
async def change_preferences(call: Call) -> web.StreamResponse:
    """Set some preferences; the others stay.

    PUT names them all.
    """
    check(call.platform, call.body)
    person = call.principal.subject
    async with in_transaction() as connection, kept(call.platform, connection, [person]):
        await write(connection, person, call.body)
    await call.platform[PUSH].heed(person)
    return reply(call, await document(call.platform, person))


async def write(connection: BaseDBAsyncClient, person: str, body: Mapping[str, Any]) -> None:
    """Set what a body names of a person's preferences; it has been checked."""
    await _hold(connection, person)
    if values := _columns(body):
        await Profile.filter(person=person).using_db(connection).update(**values)
    for name in ("topics", "departments"):
        if name in body:
            await _follow(connection, person, body[name], departments=name == "departments")
    if "silent_categories" in body:
        await set_silent(connection, person, body["silent_categories"])


@ROUTES.get("/v1/topics", Audience.ANYONE, {200: page_answer(Record(code=TEXT, title=TEXT))})
async def list_topics(call: Call) -> web.StreamResponse:
    """List the topics that can be followed."""
    topics = call.platform[PUSH].settings.topics
    items = [{"code": code, "title": text_in(title, call.language)} for code, title in topics.items()]
    return reply(call, {"items": items, "next": None})


async def document(platform: Platform, person: str) -> dict[str, Any]:
    """A person's preferences. What isn't offered any more is left out, so that they may be sent back as they are."""
    profile = await Profile.get_or_none(person=person) or Profile(person=person)
    followed = {row.topic for row in await Follow.filter(person=person)}
    begins, ends, quiet = profile.quiet_from, profile.quiet_until, None
    if begins is not None and ends is not None:
        quiet = {"from": _clock(begins), "until": _clock(ends), "timezone": profile.timezone}
    return {
        "topics": [code for code in platform[PUSH].settings.topics if code in followed],
        "departments": [code for code in platform.registry.departments if DEPARTMENT + code in followed],
        "quiet_hours": quiet,
        "notices": profile.notices,
        "silent_categories": [one for one in await silent_categories(person) if one in platform.registry.kinds],
    }


def check(platform: Platform, body: Mapping[str, Any]) -> None:
    """Raises InvalidFields with everything that there isn't, naming what there is."""
    problems = []
    offered: dict[str, Sequence[str]] = {
        "topics": list(platform[PUSH].settings.topics),
        "departments": list(platform.registry.departments),
        "silent_categories": list(platform.registry.kinds),
    }
    for name, codes in offered.items():
        for position, code in enumerate(body.get(name, ())):
            if code not in codes:
                detail = say("There is no such one; there are: {there}.", there=_named(codes))
                problems.append(FieldProblem(f"/{name}/{position}", detail, "unknown"))
    if quiet := body.get("quiet_hours"):
        if quiet["timezone"] not in zone_names():
            detail = say("Send the name of a time zone as in the IANA database, such as Asia/Shanghai.")
            problems.append(FieldProblem("/quiet_hours/timezone", detail, "unknown"))
        if quiet["from"] == quiet["until"]:
            detail = say("It begins and ends at the same time. Leave quiet hours off, or turn notices off.")
            problems.append(FieldProblem("/quiet_hours/until", detail, "empty"))
    if problems:
        raise InvalidFields(problems)


def _named(names: Sequence[str]) -> str:
    return ", ".join([*names[:MAX_NAMES_LISTED], *(["…"] if len(names) > MAX_NAMES_LISTED else [])]) or "–"


def _columns(body: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "notices" in body:
        values["notices"] = body["notices"]
    if "quiet_hours" in body:
        quiet = body["quiet_hours"]
        values |= {
            "quiet_from": _minutes(quiet["from"]) if quiet else None,
            "quiet_until": _minutes(quiet["until"]) if quiet else None,
            "timezone": quiet["timezone"] if quiet else "",
        }
    return values


async def _hold(connection: BaseDBAsyncClient, person: str) -> None:
    """Make the person's row or lock it, so that of two changes at once one comes after the other."""
    row = Profile(person=person)
    await Profile.bulk_create([row], on_conflict=["person"], update_fields=["person"], using_db=connection)


async def _follow(connection: BaseDBAsyncClient, person: str, codes: Iterable[str], *, departments: bool) -> None:
    """Follow these topics, or departments, and no others. The row of the person is held."""
    wanted = {DEPARTMENT + code if departments else code for code in codes}
    rows = await Follow.filter(person=person).using_db(connection)
    present = {row.topic: row.id for row in rows if row.topic.startswith(DEPARTMENT) == departments}
    if gone := [key for topic, key in present.items() if topic not in wanted]:
        await Follow.filter(id__in=gone).using_db(connection).delete()
    if new := sorted(wanted - present.keys()):
        await Follow.bulk_create([Follow(person=person, topic=topic) for topic in new], using_db=connection)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
