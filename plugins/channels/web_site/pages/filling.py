"""An item's form, the page on which all of it is read once more, and handing it in."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from banshi import Problem
from web_site import session
from web_site.answered import ANSWERED
from web_site.filling.item import ItemForm
from web_site.filling.sent import read_sent
from web_site.session import ROOT
from web_site.visit import Pages, SignedOut, Visit

ROUTES = Pages()

#: What a refusal says at the form, where what was typed still stands; of all else there is a page.
SAID_AT_FORM = frozenset({403, 409, 422, 429, 503})


@ROUTES.show("/items/{code}/form", {"renews": 64})
async def show_item_form(visit: Visit) -> web.StreamResponse:
    """Show an item's form, with what was filled in before."""
    form = await ItemForm.of(visit)
    if not form.is_unnamed and visit.known is None:
        raise SignedOut
    renews = visit.call.query.get("renews")
    form.begin({"answers": (form.draft or {}).get("answers", {}), **({"renews": renews} if renews else {})})
    return await form.page()


@ROUTES.take("/items/{code}/form")
async def fill_in_item_form(visit: Visit) -> web.StreamResponse:
    """Keep what was filled in, and go on: to a row more, to what was looked for, or to reading all of it once more."""
    files = await read_sent(visit, takes_files=True)
    form = await ItemForm.of(visit)
    stale = _stale(visit, form)
    form.sent = visit.sent
    if "whole" in visit.sent:
        form.begin(form.carried())
        form.sent.add("stay", "1")
    await form.take(() if stale else files)
    if stale:
        return await form.page(stale, stale=stale)
    if (consent := visit.sent.get("prefill")) and visit.known is not None:
        await form.prefill(consent)
    fields = await form.fields()
    await form.keep()
    if form.owner is not None and visit.known is None:
        return visit.to(f"{ROOT}/sign-in?next={quote(visit.call.request.path, safe='')}")
    if "show" in visit.sent and "whole" in visit.sent:
        return await form.checked()
    if "save" in visit.sent and not form.filled.wrong:
        return visit.to(ROOT)
    is_right = form.goes_on and form.is_right() and not form.more_asked(fields)
    return await (form.checked() if is_right else form.page())


@ROUTES.show("/items/{code}/begin")
async def show_form_again(visit: Visit) -> web.StreamResponse:
    """Go to an item's form, from the address to which it is sent."""
    return visit.to(f"{ROOT}/items/{visit.call.path['code']}/form")


@ROUTES.take("/items/{code}/begin")
async def hand_in_item(visit: Visit) -> web.StreamResponse:
    """Hand in what was read once more: once, however often it is sent."""
    await read_sent(visit)
    form = await ItemForm.of(visit)
    stale = _stale(visit, form)
    form.sent = visit.sent
    whole = form.carried()
    form.begin(whole)
    if stale:
        return await form.page(stale, stale=stale)
    if form.owner is not None and visit.known is None:
        await form.keep()
        there = f"{ROOT}/items/{form.guide['code']}/form"
        return visit.to(f"{ROOT}/sign-in?next={quote(there, safe='')}")
    answered, now = visit.call.platform[ANSWERED], visit.call.now.timestamp()
    sent = (visit.call.path["code"], form.key, visit.sent["whole"])
    if form.is_unnamed and (code := answered.find(now, *sent)):
        return await visit.page("filling/tip_code.html", code=code)
    links = form.guide["links"]
    address = links.get("begin_unnamed", links["begin"]) if form.is_unnamed else links["begin"]
    try:
        key = "" if form.is_unnamed else form.key
        begun = await visit.send("POST", address, whole, key=key, person=form.owner)
    except Problem as problem:
        form.refuse(problem, SAID_AT_FORM)
        return await form.page(problem.status)
    if begun["code"]:
        answered.keep(now, begun["code"], *sent)
        return await visit.page("filling/tip_code.html", code=begun["code"])
    if begun["case"] is None:
        return await visit.page("filling/records.html", guide=form.guide, records=begun["records"])
    return visit.to(f"{ROOT}/cases/{begun['case']['id']}/receipt")


def _stale(visit: Visit, form: ItemForm) -> int:
    """With what status a form is shown again, with nothing done: its sender is here no more, or anew; 0 for neither."""
    token = visit.sent.get("token", "")
    if form.is_unnamed:
        # Whoever had said who they are goes on unnamed once they know of it.
        return 401 if token and form.guide["begin"]["unnamed"] != "always" else 0
    if form.owner is None or not session.bears(visit.session, token):
        return 401 if visit.known is None else 403
    return 0
