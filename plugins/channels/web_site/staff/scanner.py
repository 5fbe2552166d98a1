"""The officer's scanner: a page that verifies passes without a network too, and the scans that it hands in later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson
from aiohttp import web

from banshi import InvalidFields, Problem, text_in
from web_site.assets import ASSETS
from web_site.filling.sent import Unread
from web_site.pages.passes import KEPT_NOWHERE, MOST_CODE
from web_site.rooms import SCANNER
from web_site.sentences import say
from web_site.staff.room import StaffPages
from web_site.staff.scan_box import new_box, unsealed
from web_site.visit import Visit

ROUTES = StaffPages(SCANNER)

#: Scans in one request, and how long after it one is told what it says: later than that only whether it was valid.
MOST_AT_ONCE, FRESH = 20, timedelta(minutes=1)
#: What is told of an older one; it is unsure where its time isn't known.
AT_MOST = ("verdict", "colour", "detail", "unsure")
#: What the page needs beside itself when there is no network.
FILES = ("scan.js", "pass_reader.js", "scan_store.js", "scan_decoder.js", "zxing_reader.js", "zxing_reader.wasm")
#: The platform is busy, or away: what comes after this is sent again.
NOT_NOW = frozenset({429, 500, 503})
#: A place, of a scan whose phone had a clock that can't be right.
UNSURE, MOST_PLACE = say("(the time of the scan is not known)"), 150


@ROUTES.show("/scan")
async def show_scanner(visit: Visit) -> web.StreamResponse:
    """Verify passes: by the camera, or as typed; once it was open, without a network too."""
    return await _page(visit, None)


@ROUTES.take("/scan")
async def verify_typed_pass(visit: Visit) -> web.StreamResponse:
    """Verify a code that was typed, without a script."""
    text, place = visit.sent.get("text", "").strip()[:MOST_CODE], visit.sent.get("place", "")[:200]
    return await _page(visit, await visit.send("POST", "/v1/passes/verify", {"text": text, "place": place}))


async def _page(visit: Visit, found: Mapping[str, Any] | None) -> web.Response:
    officer, assets = visit.person.subject, visit.call.platform[ASSETS]
    box = new_box(visit.call.platform, officer)
    whose = blake2b(officer.encode(), digest_size=8).hexdigest()
    return await visit.page("staff/scan.html", here="/scan", found=found, box=box, whose=whose,
                            files=[*map(assets.address, FILES)])  # fmt: skip


@ROUTES.take("/scan/held", media_type="application/json")
async def hand_in_scans(visit: Visit) -> web.StreamResponse:
    """Take scans that a phone has kept, each once, and say what became of them, in their order."""
    told: list[Mapping[str, Any]] = []
    for private, closed, at in _sent(visit):
        try:
            told.append(await _handed_in(visit, private, closed, at))
        except Problem as problem:
            if problem.status in NOT_NOW:
                break
            document = problem.document(visit.page_language)
            told.append({"problem": document.get("problems", [document])[0]["detail"]})
    return web.json_response({"scans": told}, dumps=_json, headers=KEPT_NOWHERE)


def _json(document: Any) -> str:
    return orjson.dumps(document).decode()


def _sent(visit: Visit) -> list[tuple[str, str, str]]:
    try:
        scans = orjson.loads(visit.sent.get("scans", ""))
        given = [(str(one["box"]), str(one["sealed"]), str(one.get("at") or "")) for one in scans]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        raise Unread from None
    return given[:MOST_AT_ONCE]


async def _handed_in(visit: Visit, private: str, closed: str, at: str) -> Mapping[str, Any]:
    """What the API says of one; of an older one no more than that. Raises Unread, and what the API does.

    One without a time is verified now. Else `at` is what the phone has found to be right since it sealed the scan.
    """
    try:
        scan = unsealed(visit.call.platform, visit.person.subject, private, closed)
        then = scan.get("scanned_at")
        is_fresh = then is None or abs(visit.call.now - datetime.fromisoformat(then)) < FRESH
    except (ValueError, TypeError, AttributeError):
        raise Unread from None
    found = await _verified(visit, scan if then is None else {**scan, "scanned_at": at or then})
    return {name: told for name, told in found.items() if is_fresh or name in AT_MOST}


async def _verified(visit: Visit, scan: Mapping[str, Any]) -> dict[str, Any]:
    """Its verdict; of one whose time can't be right that of now, and its place says so: no scan is lost."""
    try:
        return dict(await visit.send("POST", "/v1/passes/verify", scan))
    except InvalidFields as problem:
        if [(one.pointer, one.code) for one in problem.problems] != [("/scanned_at", "range")]:
            raise
    place = f"{str(scan.get('place', ''))[:MOST_PLACE]} {text_in(UNSURE, visit.page_language)}".strip()
    timeless = {name: value for name, value in scan.items() if name != "scanned_at"} | {"place": place}
    return {**await visit.send("POST", "/v1/passes/verify", timeless), "unsure": True}
