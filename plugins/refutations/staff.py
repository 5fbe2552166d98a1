"""What staff do with records: write them, look at one, decide about it; and know a picture again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, FieldProblem, Forbidden, InvalidFields, Link, NotFound, Parameter, reply
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, in_utc, page_answer, page_of
from refutations.reading import documents
from refutations.reading.published import with_editions
from refutations.sentences import say
from refutations.tables.models import Refutation, RefutationStep
from refutations.writing import lifecycle
from refutations.writing.forms import ACTION, CHANGE, NEW, words_in
from refutations.writing.lifecycle import PUBLISHER, may_publish
from refutations.writing.steps import STATES

ROUTES = Routes("refutations")

CONFLICT = Answer("It is in a state, or of a version, in which this is not possible.")


def _leads(first: bool = False, whole: bool = False) -> list[Link]:
    place = "$response.body#/items/0" if first else "$response.body#"
    own, version = {"id": f"{place}/id"}, {"version": f"{place}/version"}
    found = [Link("show_refutation_record", own), Link("write_refutation", own, version)]
    act = Link("act_on_refutation", {**own, "action": f"{place}/permitted_actions/0"}, version)
    return [*found, act] if whole else found


WRITTEN = Answer("It is as it is now.", documents.RECORD, links=_leads())
WHOLE = Answer("The record.", documents.RECORD, links=_leads(whole=True))


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


async def _shown(call: Call, row: Refutation, status: int = 200) -> web.StreamResponse:
    headers = {"Location": f"/v1/refutations/{row.id}/record"} if status == 201 else None
    return reply(call, documents.record(call.platform, row), status=status, headers=headers)


@ROUTES.post(
    "/v1/refutations",
    Audience.STAFF,
    {201: Answer("It is stored.", documents.RECORD, headers={"Location": "The record."}, links=_leads())},
    body=NEW,
    creates=True,
)
async def create_refutation(call: Call) -> web.StreamResponse:
    """Begin a record of what goes around; nobody else reads it before a second person has approved it."""
    department, known = call.body["department"], call.platform.registry.departments
    if department not in known:
        told = say("There is no such department; there are: {there}.", there=", ".join(sorted(known)))
        raise InvalidFields([FieldProblem("/department", told, "unknown")])
    if not may_publish(call.principal, department):
        told = say("Only staff who publish for this department may do this.")
        raise Forbidden(told, role=f"{department}:{PUBLISHER}")
    receipt = _receipt(call, 201)
    row = await lifecycle.create(call.platform, department, _words(call), call.principal.subject, receipt)
    return await _shown(call, row, 201)


@ROUTES.get(
    "/v1/refutations/records",
    Audience.STAFF,
    {200: page_answer(documents.RECORD, *_leads(first=True))},
    parameters=(Parameter("state", {"type": "string", "enum": [*STATES]}, "Only this state."), *PAGE_PARAMETERS),
)
async def list_refutation_records(call: Call) -> web.StreamResponse:
    """List the records of one's departments, the newest first, drafts too."""
    own = [one for one in call.platform.registry.departments if may_publish(call.principal, one)]
    query = Refutation.filter(department__in=own)
    if "state" in call.query:
        query = query.filter(state=call.query["state"])
    rows, after = await page_of(call, query, {"-id": UUID})
    editions = {row.id: edition for row, edition in await with_editions(rows)}
    shown = [documents.record(call.platform, row, editions.get(row.id)) for row in rows]
    return reply(call, Page(shown, after).document())


@ROUTES.get("/v1/refutations/{id}/record", Audience.STAFF, {200: WHOLE})
async def show_refutation_record(call: Call) -> web.StreamResponse:
    """All of a record: what is public, what is being written, who did what, and what the caller may do now."""
    row = await find(call)
    edition = next((one for _, one in await with_editions([row])), None)
    history = await RefutationStep.filter(refutation_id=row.id).order_by("version")
    told = {
        **documents.record(call.platform, row, edition),
        "public": edition.words if edition else None,
        "permitted_actions": await lifecycle.permitted(row, call.principal.subject),
        "history": [documents.entry(call.platform, one) for one in history],
    }
    return reply(call, told)


@ROUTES.put("/v1/refutations/{id}/record", Audience.STAFF, {200: WRITTEN, 409: CONFLICT}, body=CHANGE, creates=True)
async def write_refutation(call: Call) -> web.StreamResponse:
    """Write what its next edition says, all of it; what is public stays as it is until that is approved."""
    row, version = await find(call), call.body["version"]
    after = await lifecycle.change(call.platform, row, _words(call), call.principal, version, _receipt(call))
    return await _shown(call, after)


@ROUTES.post(
    "/v1/refutations/{id}/actions/{action}", Audience.STAFF, {200: WRITTEN, 409: CONFLICT}, body=ACTION, creates=True
)
async def act_on_refutation(call: Call) -> web.StreamResponse:
    """Propose, approve, return, give up or withdraw it."""
    action, body = call.path["action"], call.body
    said = (call.principal, body["version"], body.get("reason", "").strip(), _receipt(call))
    return await _shown(call, await lifecycle.move(call.platform, await find(call), action, *said))
