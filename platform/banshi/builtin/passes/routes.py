"""The passes' face: a citizen's QR pass and who scanned it, an officer's scan, and what an offline verifier needs."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web

from banshi.builtin.openapi.schemas.passes import KEY_SET, SCAN
from banshi.builtin.passes import ledger
from banshi.builtin.passes.claims import claim_documents, words_of
from banshi.builtin.passes.keys import KEYRING, jwk
from banshi.builtin.passes.models import Scan
from banshi.builtin.passes.refusals import ENDED, TITLES, TOLD, colour_of
from banshi.builtin.passes.revocations import REVOCATIONS, STATUS_TTL_S
from banshi.builtin.passes.wire import picture
from banshi.builtin.passes.wire.addressed import code_of
from banshi.builtin.sentences import say
from banshi.forms import Form
from banshi.foundation.errors import Conflict, FieldProblem, InvalidFields, NotFound
from banshi.kernel.cases import actors
from banshi.kernel.cases.actions import title_in
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import Claim, Item, text_in
from banshi.kernel.http.document_schemas import ID, Record, named, optional, ref
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, etag_of, in_utc, page_answer, reply, reply_bytes
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.passes import Pass

ROUTES = Routes("passes")

TEXT = {"type": "string", "maxLength": 4096, "description": "What the scanner read, unchanged."}
#: For how long a scan may wait for a network.
LONGEST_WAIT = timedelta(days=30)
SCANNED = Form.from_schema(
    Record(
        text=TEXT,
        place=optional({"type": "string", "maxLength": 200, "description": "Where, in words."}),
        id=optional(
            {**ID, "description": "The scan's own: sent again, it is recorded once, and answered as at first."}
        ),
        scanned_at=optional(
            {
                "type": "string",
                "format": "date-time",
                "description": f"When, without a network: at most {LONGEST_WAIT.days} days ago. It needs an `id`.",
            }
        ),
    )
    | {"dependentRequired": {"scanned_at": ["id"]}}
)

NOT_THEN = say(
    "Give the time of the scan with its offset: it lies within the last {days} days. Set the phone's clock, or leave"
    " this out.",
    days=LONGEST_WAIT.days,
)

#: The forms of a pass, by the ending of their path: media type, and what draws it.
PICTURES = {
    "svg": ("image/svg+xml", picture.svg),
    "png": ("image/png", picture.png),
    "txt": ("text/plain; charset=utf-8", lambda text: text.encode()),
}

SHOWN_BY_PHONE = say(
    "A picture of this pass is never valid: a phone shows it, signed anew every 15 seconds. Add it to your phone."
)

STATUS_LIST = "application/statuslist+jwt"


async def show_pass(ending: str, call: Call) -> web.StreamResponse:
    """A case's pass in one form."""
    media_type, draw = PICTURES[ending]
    case = await actors.find(call.path["id"], actors.Actor(call.principal))
    record = await ledger.of_case(case)
    if record is None:
        raise NotFound(say("There is no pass for this case."))
    if record.phone is not None:
        raise Conflict(SHOWN_BY_PHONE, pass_phone=f"/v1/cases/{case.id}/pass/phone")
    body = draw(record.text if ending == "txt" else code_of(call.platform, record.text))
    return reply_bytes(call, body, media_type, etag_of(body))


for ending, (media_type, _) in PICTURES.items():
    ROUTES.get(
        f"/v1/cases/{{id}}/pass.{ending}",
        Audience.CITIZEN,
        {
            200: Answer("The pass.", media_type=media_type),
            409: Answer("A phone holds it, and a picture of it is never valid."),
        },
        operation=f"show_pass_{ending}",
        summary=f"Show the case's QR pass as {ending.upper()}; the same bytes each time.",
    )(partial(show_pass, ending))


@ROUTES.get("/v1/cases/{id}/scans", Audience.CITIZEN, {200: page_answer(ref("Scan"))}, parameters=PAGE_PARAMETERS)
async def list_scans(call: Call) -> web.StreamResponse:
    """List the departments whose officers scanned the case's pass.

    The newest comes first.
    """
    case = await actors.find(call.path["id"], actors.Actor(call.principal))
    passes: list[Pass] = await Pass.filter(case_id=case.id)
    query = Scan.filter(number__in=[one.number for one in passes]) if passes else Scan.filter(number=-1)
    scans, after = await page_of(call, query, {"-at": in_utc, "-id": uuid.UUID})
    last = max(passes, key=lambda one: one.number, default=None)
    ended = ledger.end_title(call.platform, last, await ledger.end_of(call.platform, last), call.language)
    rows = [
        SCAN.of(
            call.platform,
            scan,
            department_title=_department(call, scan.department),
            verdict_title=(scan.verdict == "revoked" and ended) or title_in(TITLES, scan.verdict, call.language),
        )
        for scan in scans
    ]
    return reply(call, Page(rows, after).document())


def _department(call: Call, code: str) -> str:
    department = call.platform.registry.departments.get(code)
    return named(code, department.title if department else None, call.language)["title"]


@ROUTES.post(
    "/v1/passes/verify",
    Audience.OFFICER,
    {
        200: Answer(
            "Valid, or why not.", ref("Verdict"), links=[Link("show_item", {"code": "$response.body#/item/code"})]
        ),
        409: Answer("The id is another scan's of this officer."),
    },
    body=SCANNED,
)
async def verify_pass(call: Call) -> web.StreamResponse:
    """Say whether what was scanned is a valid pass, and record the scan.

    What was scanned without a network is held against what was so then.
    """
    sent = call.body
    at, key = _scanned_at(call), sent.get("id", "")
    verdict = await ledger.verify(call.platform, sent["text"], call.principal, sent.get("place", ""), at=at, key=key)
    return reply(call, await _verdict_document(call.platform, verdict, call.language))


def _scanned_at(call: Call) -> datetime | None:
    """When it was scanned, of what comes in later. Raises InvalidFields."""
    text, now = call.body.get("scanned_at"), call.now
    if text is None:
        return None
    with suppress(ValueError):
        if now - LONGEST_WAIT <= (at := in_utc(text)) <= now + ledger.CLOCKS_DIFFER:
            return at
    raise InvalidFields([FieldProblem("/scanned_at", NOT_THEN, "range")])


async def _verdict_document(platform: Platform, verdict: ledger.Verdict, language: str) -> dict[str, Any]:
    record, credential = verdict.record, verdict.credential
    item = platform.registry.items.of(credential.item) if credential else None
    claims = credential.claims if credential else {}
    # One that was scanned before it ended was valid then.
    over = record if verdict.code == "revoked" else None
    reason = over.revoked_reason if over else None
    return {
        **await ledger.as_told(platform, verdict.code, over, TOLD, ENDED, language),
        "item": named(item.code, item.title, language) if item and record else None,
        "claims": claim_documents(item, claims, language) if record else [],
        **ledger.moments_of(platform, record),
        "reason": text_in(reason, language) if reason else None,
        "seen_elsewhere": verdict.seen_elsewhere,
    }


@ROUTES.post(
    "/v1/passes/check",
    Audience.ANYONE,
    {
        200: Answer(
            "Valid, or why not.", ref("PublicVerdict"), links=[Link("show_item", {"code": "$response.body#/item/code"})]
        )
    },
    body=Record(text=TEXT).form(),
)
async def check_pass(call: Call) -> web.StreamResponse:
    """Say whether a pass's code is genuine and valid now, to whoever has it before them.

    Nothing is recorded, and nothing is said that doesn't stand in the code or in the public status list.
    """
    platform, language = call.platform, call.language
    verdict = await ledger.examined(platform, call.body["text"])
    record, credential, told = verdict.record, verdict.credential, TOLD.get(verdict.code)
    item = platform.registry.items.of(credential.item) if credential and record else None
    moments = ledger.moments_of(platform, record)
    document = {
        "verdict": verdict.code,
        "colour": colour_of(verdict.code),
        "detail": text_in(told, language) if told else "",
        "item": named(item.code, item.title, language) if item else None,
        "claims": claim_documents(item, credential.claims, language) if credential and verdict.valid else [],
        "not_before": moments["not_before"],
        "expires_at": moments["expires_at"],
    }
    return reply(call, document)


@ROUTES.get("/v1/passes/keys", Audience.ANYONE, {200: Answer("A JWK set, claims by item, and verdicts.", KEY_SET)})
async def list_pass_keys(call: Call) -> web.StreamResponse:
    """List the public keys, the claims of each item's pass, and what to say of those that aren't valid.

    It is all that an offline verifier needs beside the status list.
    """
    platform = call.platform
    items = {
        item.code: {
            "title": text_in(item.title, call.language),
            "dynamic": item.credential.dynamic,
            "claims": [_claim_document(item, claim, call.language) for claim in item.credential.claims],
        }
        for item in platform.registry.items.unchecked()
        if item.credential is not None and item.mode != TEST
    }
    rows = [row for row in await platform[KEYRING].rows() if row.revoked_at is None]
    document = {
        "keys": [jwk(row) for row in rows],
        "issuer": platform.settings.pass_issuer,
        "items": items,
        "verdicts": {
            str(code): {"colour": colour_of(code), "detail": text_in(told, call.language)}
            for code, told in TOLD.items()
        },
        "links": {"revocations": "/v1/passes/revocations"},
    }
    return reply(call, document)


def _claim_document(item: Item, claim: Claim, language: str) -> dict[str, Any]:
    words = {value: text_in(text, language) for value, text in words_of(item, claim).items()}
    return {"name": claim.name, "title": text_in(claim.title, language), **({"values": words} if words else {})}


@ROUTES.get("/v1/passes/revocations", Audience.ANYONE, {200: Answer("A Status List Token.", media_type=STATUS_LIST)})
async def list_revocations(call: Call) -> web.StreamResponse:
    """Show the signed status list.

    It is an IETF Token Status List.
    """
    token = await call.platform[REVOCATIONS].token(call.platform, call.route.path)
    body = token.encode()
    return reply_bytes(call, body, STATUS_LIST, etag_of(body), {"Cache-Control": f"public, max-age={STATUS_TTL_S}"})
