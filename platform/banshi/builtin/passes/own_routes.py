"""What a citizen can show: the pass or the certificate of each of their cases."""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web
from tortoise.expressions import Subquery

from banshi.builtin.openapi.schemas.passes import OWN_PASS
from banshi.builtin.passes import ledger
from banshi.builtin.passes.refusals import TITLES, Reason
from banshi.kernel.cases.actions import title_in
from banshi.kernel.cases.representations import pass_links
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Audience, Call, Link
from banshi.kernel.contract.values import text_in
from banshi.kernel.http.document_schemas import named
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, page_answer, reply
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass

ROUTES = Routes("me")

#: What is read of a case, and of its passes: no answers, and no pass.
OF_CASE = ("id", "number", "item", "kind", "state", "mode")
OF_PASS = ("number", "case_id", "item", "not_before", "expires_at", "phone", "revoked_at", "revoked_reason")

TO_CASE = Link("show_case", {"id": "$response.body#/items/0/case/id"})


@ROUTES.get("/v1/me/passes", Audience.CITIZEN, {200: page_answer(OWN_PASS, TO_CASE)}, parameters=PAGE_PARAMETERS)
async def list_my_passes(call: Call) -> web.StreamResponse:
    """List the caller's passes and certificates, that of the newest case first.

    Each case is there once, with the pass that it has now; those that are over stay in the list.
    """
    person = call.principal.subject
    with_one = Subquery(Pass.filter(case__person=person).values("case_id"))
    own = Case.filter(person=person, id__in=with_one).only(*OF_CASE)
    cases, after = await page_of(call, own, {"-id": uuid.UUID})
    # By case the pass that it has now: of a moved one the phone's that holds it.
    rows: Any = Pass.filter(case_id__in=[case.id for case in cases]).order_by("number").only(*OF_PASS)
    passes = {row.case_id: row for row in await rows} if cases else {}
    return reply(call, Page([_document(call, one, passes[one.id]) for one in cases], after).document())


def _document(call: Call, case: Case, record: Pass) -> dict[str, Any]:
    item, state = call.platform.registry.items.of(record.item), _state(call.platform, record)
    ended = ledger.end_title(call.platform, record, ledger.end_in(call.platform, case), call.language)
    return OWN_PASS.of(
        call.platform,
        record,
        case={"id": str(case.id), "number": case.number},
        item=named(record.item, item.title if item else None, call.language),
        title=text_in(item.result.title, call.language) if item and item.result else case.number,
        until=call.platform.moment(record.expires_at),
        state=state,
        state_title=(state == "revoked" and ended) or title_in(TITLES, state, call.language),
        reason=text_in(record.revoked_reason, call.language) if record.revoked_reason else None,
        links={"case": f"/v1/cases/{case.id}", **pass_links(call.platform, case, record.phone)},
    )


def _state(platform: Platform, record: Pass) -> str:
    now = platform.now()
    if record.revoked_at is not None:
        return "revoked"
    if record.expires_at <= now:
        return Reason.EXPIRED.value
    return Reason.NOT_YET_VALID.value if record.not_before and record.not_before > now else "valid"
