"""The routes of findings: what rose in one's departments, one of them whole, and what is done with it."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from banshi import LANGUAGES, Answer, Audience, Call, Link, Parameter, reply
from banshi.sdk.documents import Record, optional
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, in_utc, page_answer, page_of
from insights.findings import shown
from insights.findings.deciding import decide
from insights.findings.models import Finding
from insights.findings.reading import LEVELS, STATES, STORED, departments_of, found, state_of, warning_of

ROUTES = Routes("insights")

_CODE, _MOST = {"type": "string", "maxLength": 64}, 2**31 - 1
_WORDS = {"type": "string", "minLength": 1, "maxLength": 1000, "pattern": r"\S"}
_TEXTS = {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(LANGUAGES, _WORDS)}

FILTERS = (
    Parameter("state", {"type": "string", "enum": list(STATES)}, "Only this state."),
    Parameter("level", {"type": "string", "enum": list(LEVELS)}, "Only this level."),
    Parameter("category", _CODE, "Only this category, by its code."),
    Parameter("department", _CODE, "Only this department's."),
)

BODY = Record(
    version=optional({"type": "integer", "minimum": 1, "maximum": _MOST, "description": "The one that you have read."}),
    reason=optional({**_WORDS, "description": "Why it is dismissed; colleagues read it."}),
    until=optional({**shown.DAY, "description": "Of a dismissal: the last day for which the series isn't told."}),
    unless_over=optional({"type": "integer", "minimum": 0, "maximum": _MOST, "description": "More is told anyhow."}),
    title=optional({**_TEXTS, "description": "Of a draft, in place of what is suggested."}),
    body=optional({**_TEXTS, "description": "The same."}),
    to=optional({"enum": ["area", "places", "everyone"], "description": "Of a draft: where its readers live."}),
    propose=optional({"type": "boolean", "description": "Ask a second person at once to approve the draft."}),
    kind=optional({"enum": ["notice", "alert"], "description": "Of a draft; by category and level if left out."}),
).form()

_ACTED = Link(
    "act_on_finding",
    {"id": "$response.body#/id", "action": "$response.body#/permitted_actions/0"},
    {"version": "$response.body#/version"},
)


@ROUTES.get(
    "/v1/insights/findings",
    Audience.STAFF,
    {200: page_answer(shown.SUMMARY, *Link.to("show_finding", at="/items/0"))},
    parameters=(*FILTERS, *PAGE_PARAMETERS),
)
async def list_findings(call: Call) -> web.StreamResponse:
    """List what rose in the departments whose analyst or publisher the caller is, the newest first."""
    asked = {one.name: call.query[one.name] for one in FILTERS if one.name in call.query}
    state = asked.get("state")
    # What became of a draft only its warning knows: a page of these may have fewer, and the next goes on.
    asked |= {"state": "drafted"} if state and state not in STORED else {}
    query = Finding.filter(department__in=departments_of(call)).filter(**asked)
    rows, after = await page_of(call, query, {"-found_at": in_utc, "-id": UUID})
    states = [state_of(one, await warning_of(call.platform, one)) for one in rows]
    items = [shown.summary(call, one, its) for one, its in zip(rows, states, strict=True) if state in {None, its}]
    return reply(call, Page(items, after).document())


@ROUTES.get("/v1/insights/findings/{id}", Audience.STAFF, {200: Answer("The finding.", shown.WHOLE, links=[_ACTED])})
async def show_finding(call: Call) -> web.StreamResponse:
    """Show what rose, why it is told and how sure that is, its warning, and how the series went on."""
    return reply(call, await shown.whole(call, await found(call)))


@ROUTES.post(
    "/v1/insights/findings/{id}/actions/{action}",
    Audience.STAFF,
    {
        200: Answer("As it is afterwards.", shown.SUMMARY, links=Link.to("show_finding")),
        409: Answer("Not possible in its state or version, or its figure was corrected."),
    },
    body=BODY,
    creates=True,
)
async def act_on_finding(call: Call) -> web.StreamResponse:
    """Draft its warning, which a second person approves; dismiss it with a rule; or take either back."""
    after = await decide(call, await found(call), lambda one: call.once.receipt(shown.summary(call, one), status=200))
    return reply(call, shown.summary(call, after))
