"""Notices: staff write, publish and take back; whoever a notice is for reads it whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, FieldProblem, InvalidFields, NotFound, reply
from banshi.sdk.documents import ID, array
from banshi.sdk.following import notice_kinds
from banshi.sdk.http import Routes, page_answer
from mobile_push.broadcasts import addressing, concerned, lifecycle, publication, representations, staff, steps
from mobile_push.broadcasts.notices import public
from mobile_push.broadcasts.timing import EXPIRES_AT, SEND_AT, TTL, timing
from mobile_push.delivery.service import PUSH
from mobile_push.screen.pictures import wrong_with_picture
from mobile_push.sentences import say
from mobile_push.tables.models import Broadcast, InboxMessage

ROUTES = Routes("push")

#: Characters of what a lock screen shows, of the page behind it, and of addresses.
MAX_TITLE_LENGTH, MAX_BODY_LENGTH, MAX_CONTENT_LENGTH = 120, 1000, 20_000

#: Notices that one may take the place of.
MAX_EARLIER = 20

_WRITTEN: dict[str, Any] = {
    "title": representations.texts_schema(MAX_TITLE_LENGTH, both=True, about="What a lock screen shows first."),
    "body": representations.texts_schema(MAX_BODY_LENGTH, both=False, about="The line below it."),
    "content": {
        **representations.texts_schema(MAX_CONTENT_LENGTH, both=False, about="Markdown, read inside the app."),
        "type": ["object", "null"],
    },
    "image": {
        "type": ["string", "null"],
        "maxLength": 500,
        "pattern": r"^https://[^\s/]+(/\S*)?$",
        "x-pattern-hint": say("Give an address that begins with https://."),
        "description": "A picture, JPEG or PNG, 1 MB at most, that phones show beside the title and fetch themselves.",
    },
    "link": {
        "type": ["string", "null"],
        "maxLength": 255,
        "pattern": r"^/([^/\\\s][^\\\s]*)?$",
        "x-pattern-hint": say("Give a path into the app: one / first."),
        "description": "A path into the app; the notice's own page where none is given.",
    },
    "audience": addressing.SCHEMA,
    "send_at": SEND_AT,
    "expires_at": EXPIRES_AT,
    "ttl": TTL,
    "category": {
        "type": "string",
        "maxLength": 32,
        "description": "Its kind, a code of `GET /v1/me/notice-kinds`; empty for none. People mute a kind by itself.",
    },
    "collapse_key": {
        **staff.COLLAPSE_KEY,
        "description": "A newer notice with the same key replaces this one on the phone.",
    },
    "supersedes": array(
        ID,
        maxItems=MAX_EARLIER,
        uniqueItems=True,
        description="Public notices of the department that this one takes the place of.",
    ),
}

NOTICE, CHANGE = staff.forms(_WRITTEN, ("title", "audience"), "A notice, and how it is sent.")


async def values_of(call: Call, notice: Broadcast, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a body sets. Raises InvalidFields with everything that is wrong."""
    settings = call.platform[PUSH].settings
    wrong: list[FieldProblem] = []
    values: dict[str, Any] = {name: body[name] for name in ("title", "collapse_key", "category") if name in body}
    if "body" in body:
        values["body"] = representations.filled(body["body"])
    if values.get("category") and values["category"] not in (kinds := notice_kinds(call.platform)):
        wrong.append(FieldProblem("/category", addressing.unknown(values["category"], kinds), "unknown"))
    if "content" in body:
        values["content"] = representations.filled(body["content"]) if body["content"] else None
    if "image" in body:
        values["image"] = body["image"] or ""
        if values["image"] and (detail := wrong_with_picture(values["image"])):
            wrong.append(FieldProblem("/image", detail, "invalid"))
    if "link" in body:
        values["link"] = body["link"] or f"/v1/notices/{notice.id}"
    if "audience" in body:
        values["audience"] = body["audience"]
        wrong += addressing.problems(call.platform, settings.topics, notice.department, body["audience"])
    wrong += timing(call.platform, settings.ttl, notice, body, values)
    if "supersedes" in body:
        missing = say("Your department has no such public notice.")
        found, unknown = await staff.earlier_in(notice, body["supersedes"], "supersedes", missing)
        wrong += unknown
        values |= publication.succeeding(found)
    if wrong:
        raise InvalidFields(wrong)
    return values


@ROUTES.post(
    "/v1/notices",
    Audience.STAFF,
    {
        201: Answer(
            "It is stored.", representations.RECORD, headers={"Location": "The notice."}, links=staff.leads("notice")
        )
    },
    body=NOTICE,
    creates=True,
)
async def create_notice(call: Call) -> web.StreamResponse:
    """Publish a notice, now or later, or store a draft."""
    return await staff.create("notice", values_of, call)


@ROUTES.get(
    "/v1/notices/{id}",
    Audience.PERSON,
    {
        200: Answer(
            "The notice.",
            {"oneOf": [representations.PAGE, representations.WHOLE_RECORD]},
            links=staff.leads("notice", whole=True),
        )
    },
    unnamed_at=lambda _: True,
)
async def show_notice(call: Call) -> web.StreamResponse:
    """Read a notice: its page, or for those who publish its whole record.

    What is public is so without a token, too: phones on which nobody has signed in get notices.
    """
    notice = await Broadcast.get_or_none(id=call.path["id"], kind="notice")
    if notice is not None and call.caller is not None and lifecycle.may_publish(call.principal, notice.department):
        return reply(call, await staff.whole(call, notice))
    if notice is None or not await _may_read(call, notice):
        raise NotFound(say("There is no such notice that you may see."))
    return reply(call, representations.page(call.platform, notice, call.language))


async def _may_read(call: Call, notice: Broadcast) -> bool:
    """Whether it is public; one to people who are named is theirs alone."""
    if notice.state not in steps.PUBLIC:
        return False
    if "people" not in notice.audience:
        return True
    if call.caller is None:
        return False
    return await InboxMessage.filter(person=call.principal.subject, broadcast_id=notice.id).exists()


@ROUTES.get(
    "/v1/notices",
    Audience.PERSON,
    {200: page_answer({"oneOf": [public.SUMMARY, representations.RECORD]}, *staff.leads("notice", first=True))},
    parameters=(*staff.LIST, public.TOPIC, concerned.DIVISION),
    unnamed_at=lambda _: True,
)
async def list_notices(call: Call) -> web.StreamResponse:
    """List what is published, the newest first.

    Those who publish get their departments' records, drafts too, unless they ask by topic or division.
    """
    asks_public = public.TOPIC.name in call.query or concerned.DIVISION.name in call.query
    if call.caller is not None and not asks_public and staff.publishes_for(call):
        return await staff.list_records("notice", call)
    return reply(call, (await public.listed(call)).document())


ROUTES += staff.routes("notice", values_of, CHANGE)
