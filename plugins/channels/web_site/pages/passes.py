"""Passes: what I can show, large, signed anew by this browser where it has to be, and who has scanned it."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from banshi import NotFound, Problem
from banshi.sdk.passes import code_of
from web_site import session
from web_site.filling.sent import Unread, read_own, read_sent
from web_site.pages.cases import answers_of_case, links_of
from web_site.visit import Pages, Visit

ROUTES = Pages()

KEPT_NOWHERE = {"Cache-Control": "no-store"}
#: Characters of a code, with the address before it.
MOST_CODE = 4_096


@ROUTES.show("/passes")
async def list_own_passes(visit: Visit) -> web.StreamResponse:
    """List what I can show: passes and certificates of my cases."""
    visit.person  # noqa: B018 - it raises
    passes = (await visit.get("/v1/me/passes", limit="100"))["items"]
    return await visit.page("cases/passes.html", here="/passes", passes=passes)


@ROUTES.show("/cases/{id}/pass")
async def show_own_pass(visit: Visit) -> web.StreamResponse:
    """Show a pass, large, and who has scanned it."""
    visit.person  # noqa: B018 - it raises
    case = await visit.get(f"/v1/cases/{visit.call.path['id']}")
    if not {"pass_picture", "pass_phone"} & {*links_of(case)}:
        raise NotFound
    own = await _pass_of(visit, case["id"])
    form, details = await answers_of_case(visit, case)
    guide = await visit.find(f"/v1/items/{case['item']['code']}") or {}
    sources = {claim["source"]: claim["title"] for claim in (guide.get("credential") or {}).get("claims", ())}
    claims = [
        (sources[at], one.words)
        for _, some in form.answered(await form.fields())
        for one in some
        if (at := one.pointer.removeprefix("/answers")) in sources
    ]
    scans = (await visit.find(f"/v1/cases/{case['id']}/scans") or {}).get("items", [])
    return await visit.page("cases/pass.html", here="/passes", case=case, own=own, claims=claims, details=details,
                            scans=scans, is_dynamic="pass_phone" in links_of(case))  # fmt: skip


async def _pass_of(visit: Visit, case: str) -> Any:
    """What can be shown of a case, as it is now: a case stays approved whose pass is over. Raises NotFound."""
    query = {"limit": "100"}
    while True:
        page = await visit.get("/v1/me/passes", **query)
        for one in page["items"]:
            if one["case"]["id"] == case:
                return one
        if page["next"] is None:
            raise NotFound
        query["cursor"] = page["next"]


@ROUTES.take("/cases/{id}/pass/phone", media_type="application/json")
async def hold_pass_here(visit: Visit) -> web.StreamResponse:
    """Let this browser hold a dynamic pass, and no other phone."""
    await read_own(visit)
    try:
        key = orjson.loads(visit.sent.get("key", ""))
    except orjson.JSONDecodeError:
        raise Unread from None
    held = await visit.send("PUT", f"/v1/cases/{visit.call.path['id']}/pass/phone", {"key": key})
    told = {"before": code_of(visit.call.platform, ""), "text": held["text"], "sign_every": held["sign_every"]}
    return web.json_response(told, headers=KEPT_NOWHERE)


@ROUTES.show("/verify")
async def ask_for_code(visit: Visit) -> web.StreamResponse:
    """Read the code of a pass or a certificate: behind the # of the address, which is sent to nobody, or as typed."""
    return await visit.page("cases/verify.html", found=None, text="")


@ROUTES.take("/verify")
async def verify_code(visit: Visit) -> web.StreamResponse:
    """Say whether a pass or a certificate is genuine and valid now. Nothing is recorded of who asks."""
    await read_sent(visit)
    session.refuse_others(visit.call, None, "")
    text = visit.sent.get("text", "").strip()[:MOST_CODE]
    try:
        found = await visit.send("POST", "/v1/certificates/verify", {"text": text}, person=None)
    except Problem as problem:
        # A city may be without certificates.
        if problem.status != NotFound.status:
            raise
        found = {"verdict": "not-a-certificate"}
    if found["verdict"] in ("not-a-certificate", "not-a-pass"):
        found = await visit.send("POST", "/v1/passes/check", {"text": text}, person=None)
    return await visit.page("cases/verify.html", found=found, text=text)
