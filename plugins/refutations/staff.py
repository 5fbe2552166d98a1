"""What staff do with records: write them, look at one, decide about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, Forbidden, Link, NotFound, reply
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, in_utc, page_answer, page_of
from refutations.reading import documents
from refutations.reading.published import with_editions
from refutations.sentences import say
from refutations.tables.models import Refutation, RefutationStep
from refutations.writing import lifecycle
from refutations.writing.forms import ACTION, CHANGE, NEW, words_in
from refutations.writing.lifecycle import PUBLISHER, may_publish
from refutations.writing.steps import ACTIONS

ROUTES = Routes("refutations")


FIRST = Link.to("show_refutation_record", at="/items/0")
CREATED = Answer("It is stored.", documents.RECORD, headers={"Location": "The record."})
WRITTEN = {
    200: Answer("It is as it is now.", documents.RECORD),
    409: Answer("It is in a state, or of a version, in which this is not possible."),
}
#: What a step is called; `change` sends what it says along.
MOVES = {"action": {"enum": [one for one in ACTIONS if one != "change"]}}


async def find(call: Call) -> Refutation:
    """The record, for publishers of its department; otherwise NotFound, as if it did not exist."""
    row = await Refutation.get_or_none(id=call.path["id"])
    if row is None or not may_publish(call.principal, row.department):
        raise NotFound(say("There is no such record that you may see."))
    return row


def _words(call: Call) -> Mapping[str, Any]:
    words = words_in(call.body)
    if "checked_at" in words:
        words["checked_at"] = call.platform.moment(in_utc(words["checked_at"]))
    return words


def _receipt(call: Call, status: int = 200) -> lifecycle.Along:
    return lambda after: call.once.receipt(documents.record(call.platform, after), status=status)


@ROUTES.post("/v1/refutations", Audience.STAFF, {201: CREATED}, body=NEW, creates=True)
async def create_refutation(call: Call) -> web.StreamResponse:
    """Begin a record of what goes around; nobody else reads it before a second person has approved it."""
    department = call.body["department"]
    if not may_publish(call.principal, department):
        told = say("Only staff who publish for this department may do this.")
        raise Forbidden(told, role=f"{department}:{PUBLISHER}")
    row = await lifecycle.create(call, _words(call), _receipt(call, 201))
    document = documents.record(call.platform, row)
    return reply(call, document, status=201, headers={"Location": document["links"]["record"]})


@ROUTES.get(
    "/v1/refutations/records", Audience.STAFF, {200: page_answer(documents.RECORD, *FIRST)}, parameters=PAGE_PARAMETERS
)
async def list_refutation_records(call: Call) -> web.StreamResponse:
    """List the records of one's departments, the newest first, drafts too."""
    own = [one for one in call.platform.registry.departments if may_publish(call.principal, one)]
    rows, after = await page_of(call, Refutation.filter(department__in=own), {"-id": UUID})
    editions = {row.id: edition for row, edition in await with_editions(rows)}
    shown = [documents.record(call.platform, row, editions.get(row.id)) for row in rows]
    return reply(call, Page(shown, after).document())


@ROUTES.get("/v1/refutations/{id}/record", Audience.STAFF, {200: Answer("The record.", documents.WHOLE_RECORD)})
async def show_refutation_record(call: Call) -> web.StreamResponse:
    """All of a record: what is public, what is being written, who did what, and what the caller may do now."""
    row = await find(call)
    edition = next((one for _, one in await with_editions([row])), None)
    taken = await RefutationStep.filter(refutation_id=row.id).order_by("version")
    told = {
        **documents.record(call.platform, row, edition),
        "public": edition.words if edition else None,
        "permitted_actions": await lifecycle.permitted(row, call.principal.subject),
        "history": [documents.STEP.of(call.platform, one) for one in taken],
    }
    return reply(call, told)


@ROUTES.put("/v1/refutations/{id}/record", Audience.STAFF, WRITTEN, body=CHANGE, creates=True)
async def write_refutation(call: Call) -> web.StreamResponse:
    """Write what its next edition says, all of it; what is public stays as it is until that is approved."""
    after = await lifecycle.move(call, await find(call), "change", _receipt(call), _words(call))
    return reply(call, documents.record(call.platform, after))


@ROUTES.post(
    "/v1/refutations/{id}/actions/{action}", Audience.STAFF, WRITTEN, path_schemas=MOVES, body=ACTION, creates=True
)
async def act_on_refutation(call: Call) -> web.StreamResponse:
    """Propose, approve, return, give up or withdraw it."""
    after = await lifecycle.move(call, await find(call), call.path["action"], _receipt(call))
    return reply(call, documents.record(call.platform, after))
