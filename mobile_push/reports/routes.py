"""Reports for those who publish, and dead letters for whoever runs the platform."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, Forbidden, Link, NotFound, reply
from banshi.sdk.documents import Record
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, from_cursor, limit_of, page_answer
from mobile_push.broadcasts import staff
from mobile_push.delivery.metrics import log
from mobile_push.delivery.service import PUSH
from mobile_push.reports import dead_letters
from mobile_push.reports.dead_letters import LETTER, LETTER_ID
from mobile_push.reports.live import stream_report
from mobile_push.reports.report import SCHEMA, report_of
from mobile_push.reports.scheduler import WATCHES
from mobile_push.sentences import say

ROUTES, LETTERS = Routes("push"), Routes("operations")

#: The role that runs the platform as a whole, which is no department.
OPERATOR, PLATFORM = "operator", "platform"

MOVED = Record(
    id=LETTER_ID,
    state={"type": "string", "enum": list(dead_letters.ACTIONS.values())},
    phones={"type": "integer", "minimum": 0},
)


async def show_report(kind: str, call: Call) -> web.StreamResponse:
    """Show what became of it on every phone, and how long it took."""
    report = await report_of(call.platform, await staff.find(call, kind))
    return reply(call, report.document(call.platform))


async def follow_report(kind: str, call: Call) -> web.StreamResponse:
    """Follow the report live, until all of it is dealt with."""
    return await stream_report(call, await staff.find(call, kind), call.platform[WATCHES])


for kind in ("notice", "alert"):
    ROUTES.get(
        f"/v1/{kind}s/{{id}}/report",
        Audience.STAFF,
        {200: Answer("The figures of this moment.", SCHEMA)},
        operation=f"report_{kind}",
    )(partial(show_report, kind))
    ROUTES.get(
        f"/v1/{kind}s/{{id}}/report/stream",
        Audience.STAFF,
        {
            200: Answer(
                "Events named `report`, and `finished` for the last one; the data is a report.",
                media_type="text/event-stream",
            ),
            429: Answer("Too many reports are followed at once."),
        },
        operation=f"follow_report_{kind}",
    )(partial(follow_report, kind))


def check_operator(call: Call) -> None:
    """Raise Forbidden for everybody but those who run the platform."""
    if not call.principal.may(OPERATOR, PLATFORM, ""):
        raise Forbidden(say("Only operators of the platform may do this."), role=f"{PLATFORM}:{OPERATOR}")


@LETTERS.get(
    "/v1/ops/push/dead-letters",
    Audience.STAFF,
    {200: page_answer(LETTER, *Link.to("retry_dead_letter", "drop_dead_letter", at="/items/0"))},
    parameters=PAGE_PARAMETERS,
)
async def list_dead_letters(call: Call) -> web.StreamResponse:
    """List what could not be delivered and waits for an operator."""
    check_operator(call)
    # Without a cursor, before the first sort.
    limit, after = limit_of(call), from_cursor(call, dead_letters.place) or ("", 0)
    found = await dead_letters.page(call.platform, after, limit + 1)
    items = [one.document(call.platform) for one in found[:limit]]
    return reply(call, Page(items, items[-1]["id"] if len(found) > limit else None).document())


async def move_letter(action: str, call: Call) -> web.StreamResponse:
    """Retry or drop one."""
    check_operator(call)
    letter = await _letter(call)
    if letter.state == "parked" and action == "retry" and letter.over is not None:
        raise Conflict(say("It can't be sent any more. Drop it."), state=letter.state)
    if letter.state != "parked" or not await dead_letters.move(call.platform, letter, action):
        letter = await _letter(call)
        raise Conflict(say("It is no dead letter any more; look at the list again."), state=letter.state)
    # The log is the record of who decided: a dead letter has no history of its own.
    about = {"letter": letter.id, "message": letter.message, "provider": letter.provider, "code": letter.code}
    done = "retried" if action == "retry" else "dropped"
    log.info(f"a dead letter was {done}", subject=call.principal.subject, phones=letter.phones, **about)
    if action == "retry":
        call.platform[PUSH].wake()
    return reply(call, {"id": letter.id, "state": dead_letters.ACTIONS[action], "phones": letter.phones})


async def _letter(call: Call) -> dead_letters.Letter:
    letter = await dead_letters.find(call.platform, call.path["id"])
    if letter is None:
        raise NotFound(say("There is no such dead letter."))
    return letter


for action, summary in (
    ("retry", "Send it again, as if for the first time."),
    ("drop", "Give it up; the inbox keeps the message."),
):
    LETTERS.post(
        f"/v1/ops/push/dead-letters/{{id}}/{action}",
        Audience.STAFF,
        {200: Answer("It is done.", MOVED), 409: Answer("It is no dead letter any more, or its message is over.")},
        operation=f"{action}_dead_letter",
        summary=summary,
        path_schemas={"id": LETTER_ID},
    )(partial(move_letter, action))

ROUTES += LETTERS
