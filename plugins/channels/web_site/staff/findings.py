"""What rose in a department's figures: the list, one with its chart and the draft of its warning, what is decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from aiohttp import web

from banshi import LANGUAGES, NotFound, Problem, text_in
from charts import Bound, LineChart
from web_site import session
from web_site.filling.form import Filling
from web_site.pages.cases import kept
from web_site.rendering import day_in
from web_site.rooms import FINDINGS
from web_site.sentences import word
from web_site.session import STAFF
from web_site.staff import publishing
from web_site.staff.room import StaffPages
from web_site.visit import Visit

ROUTES = StaffPages(FINDINGS)

LIST = "/v1/insights/findings"
LEVELS = {"hint": word("Hint"), "warn": word("Warning"), "urgent": word("Urgent")}
STATES = {
    "open": word("Not decided yet"), "drafted": word("A warning is written"),
    "proposed": word("A second person is asked"), "sent": word("The warning was sent"),
    "taken-back": word("The warning was taken back"), "dismissed": word("Dismissed"),
    "silenced": word("Silenced by a rule"), "withdrawn": word("The figure was corrected"),
}  # fmt: skip
ACTIONS = {
    "draft": word("A warning was drafted"), "dismiss": word("Dismissed"), "reopen": word("Opened again"),
}  # fmt: skip
#: Fields of the forms by what the API calls them.
TEXTS = {
    "/title/zh-CN": word("Title in Chinese"), "/body/zh-CN": word("The line below it, in Chinese"),
    "/title/en": word("Title in English"), "/body/en": word("The line below it, in English"),
    "/reason": word("Why"), "/until": word("Not told again until"), "/unless_over": word("Unless it is more than"),
}  # fmt: skip


@ROUTES.show("/findings", {"state": 16, "level": 16, "after": 200})
async def show_rising_figures(visit: Visit) -> web.StreamResponse:
    """List what rose, the newest first."""
    query = visit.call.query
    asked = {name: query[name] for name, known in (("state", STATES), ("level", LEVELS)) if query.get(name) in known}
    page = await visit.get(LIST, **asked, **({"cursor": query["after"]} if query.get("after") else {}))
    names = {"asked": asked, "page": page, "states": STATES, "levels": LEVELS}
    return await visit.page("findings/findings.html", here=FINDINGS.at, **names)


@ROUTES.show("/findings/{id}")
async def show_rise(visit: Visit) -> web.StreamResponse:
    """Show what rose and why it is told, beside the warning that may be sent."""
    return await _shown(visit)


@ROUTES.take("/findings/{id}/actions/{action}", takes_files=True, keeps=True)
async def decide_about_finding(visit: Visit) -> web.StreamResponse:
    """Draft a warning, dismiss it, or take either back: the version that the page has shown, and no other."""
    if visit.known is None:
        return await kept(visit)
    if not session.bears(visit.session, visit.sent.get("token", "")):
        return await _shown(visit, 403, stale=403)
    sent = {name: text.strip() for name, text in visit.sent.items() if text.strip()}
    body: dict[str, Any] = {name: sent[f"/{name}"] for name in ("reason", "until", "to", "kind") if f"/{name}" in sent}
    numbers = {"version": sent.get("version", ""), "unless_over": sent.get("/unless_over", "")}
    body |= {name: int(text) if text.isdecimal() and len(text) < 10 else text for name, text in numbers.items() if text}
    for name in ("title", "body"):
        texts = {tag: sent[f"/{name}/{tag}"] for tag in LANGUAGES if f"/{name}/{tag}" in sent}
        body |= {name: texts} if texts else {}
    body |= {"propose": True} if sent.get("next") == "propose" else {}
    address, key = f"{LIST}/{visit.call.path['id']}/actions/{visit.call.path['action']}", Filling(visit, {}, None).key
    try:
        await visit.send("POST", address, body, key=key)
    except Problem as problem:
        if problem.status not in publishing.SAID_AT_FORM:
            raise
        told = problem.document(visit.language)
        wrong = [(one["pointer"], str(one["detail"])) for one in told.get("problems", ())]
        return await _shown(visit, problem.status, wrong or [("", str(told["detail"]))])
    return visit.to(f"{STAFF}{FINDINGS.at}/{visit.call.path['id']}")


async def _shown(
    visit: Visit, status: int = 200, wrong: Sequence[tuple[str, str]] = (), stale: int = 0
) -> web.Response:
    one = await visit.find(f"{LIST}/{visit.call.path['id']}")
    if one is None:
        raise NotFound
    mistakes = [(at, text_in(TEXTS[at], visit.language), why) if at in TEXTS else ("", "", why) for at, why in wrong]
    return await visit.page(
        "findings/finding.html", status=status, stale=stale, here=FINDINGS.at, one=one, mistakes_found=mistakes,
        wrong=dict(wrong), chart=_chart(visit, one), texts=TEXTS, levels=LEVELS, states=STATES, actions=ACTIONS,
        warning_states=publishing.STATES, form_key=Filling(visit, {}, None).key,
    )  # fmt: skip


def _chart(visit: Visit, one: Any) -> LineChart | None:
    """The series up to the week and behind it, with its bound, and when a warning went out; None of what is no week."""
    weeks, last = [*one["why"]["points"], *one["after"]["weeks"]], len(one["why"]["points"]) - 1
    if last < 0:
        return None
    days, counts = [each["at"] for each in weeks], [each["count"] for each in weeks]
    sent = ((one["warning"] or {}).get("published_at") or "")[:10]
    known = [place for place, day in enumerate(days) if day <= sent and counts[place] is not None]
    figures = {"count": last + 1, "figure": one["count"], "upper": f"{one['upper']:g}"}
    told = (
        word("By week"),
        word("{count} weeks; the last is {figure}, and its bound {upper}.", **figures),
        word("Week from"),
    )
    if one["grain"] == "day":
        told = (
            word("By day"),
            word("{count} days; the last is {figure}, and its bound {upper}.", **figures),
            word("Day"),
        )
    rest = word("How many"), word("Bound"), word("not counted")
    title, said, period, heading, bound, untold = (text_in(each, visit.language) for each in (*told, *rest))
    return LineChart(
        id="series", title=title, about=said, period=period, figures=heading, untold=untold, language=visit.language,
        points=[*zip((day_in(visit.language, date.fromisoformat(day)) for day in days), counts, strict=True)],
        bound=Bound(bound, [each.get("upper") for each in weeks]), marked={last: f"{counts[last]:,}"},
        noted={place: text_in(word("Sent"), visit.language) for place in known[-1:]},
        open_from=next((place for place, each in enumerate(weeks) if not each.get("closed", True)), None),
    )  # fmt: skip
