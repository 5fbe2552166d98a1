"""The certificates' face: the holder's PDF, and the verification that anybody can ask."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import structlog
from aiohttp import web

from banshi.builtin.certificates.page import Page, Source, wording_of
from banshi.builtin.certificates.press import PRESS
from banshi.builtin.certificates.refusals import ENDED, NOT_SHOWN, TOLD, CertificateExpired, CertificateRevoked
from banshi.builtin.passes import ledger
from banshi.builtin.passes.claims import claim_documents
from banshi.builtin.passes.wire.addressed import code_of
from banshi.builtin.passes.wire.cose import Credential
from banshi.builtin.sentences import say
from banshi.foundation.errors import NotFound
from banshi.kernel.cases import actors
from banshi.kernel.cases.actions import words_of
from banshi.kernel.cases.submission import item_of
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link, Parameter
from banshi.kernel.contract.values import LANGUAGES, Item
from banshi.kernel.http.document_schemas import Record, named, ref
from banshi.kernel.http.responses import LANGUAGE_HEADERS, reply, reply_bytes
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass

ROUTES = Routes("certificates")

log = structlog.get_logger("banshi.certificates")

PDF = "application/pdf"

SCANNED = Record(text={"type": "string", "maxLength": 4096, "description": "What the QR code says, unchanged."}).form()


@ROUTES.get(
    "/v1/cases/{id}/certificate.pdf",
    Audience.PERSON,
    {
        200: Answer("The certificate.", media_type=PDF),
        410: Answer("It was revoked, taken back or cancelled (`ended` says which), or it has ended: see `code`."),
        503: Answer("It can't be drawn now, or too many are asked for; come back after Retry-After."),
    },
    parameters=(
        Parameter(
            "language",
            {"type": "string", "enum": list(LANGUAGES)},
            "In place of the language that Accept-Language asks for.",
        ),
    ),
)
async def show_certificate(call: Call) -> web.StreamResponse:
    """Show the case's certificate as PDF/A, with its QR code; the same bytes each time.

    It is for its holder and for the department's staff.
    """
    platform, language = call.platform, call.query.get("language", call.language)
    case = await actors.find(call.path["id"], actors.Actor(call.principal))
    record = await _valid(platform, case)
    press = platform[PRESS]
    page = await press.page(await _source(platform, case, record), language)
    headers = {**LANGUAGE_HEADERS[language], **_named(case, page)}
    etag = f'"{page.digest}"'
    # Whoever has it already needs no drawing.
    answer = reply_bytes(call, b"", PDF, etag, headers)
    if answer.status == 304:
        return answer
    if page.lacking:
        log.warning("a certificate has characters that no font has", item=case.item, number=record.number)
    return reply_bytes(call, await press.pdf(page), PDF, etag, headers)


async def _valid(platform: Platform, case: Case) -> Pass:
    """The credential of the case's certificate, or the problem that says why there is none."""
    item = item_of(platform, case)
    if item.certificate is None:
        raise NotFound(say("This item ends in no certificate."))
    record = await ledger.of_case(case)
    if record is None:
        states, _ = words_of(platform.registry.kinds.get(case.kind), item)
        state = states.get(case.state, case.state)
        raise NotFound(say("There is no certificate yet: the case is “{state}”.", state=state))
    if record.revoked_at is not None:
        end = await ledger.end_of(platform, record)
        raise CertificateRevoked(NOT_SHOWN.get(end), ended=end or None)
    if record.expires_at <= platform.now():
        raise CertificateExpired()
    return record


async def _source(platform: Platform, case: Case, record: Pass) -> Source:
    told = say("The key that signed this certificate was withdrawn; ask the department for a new one.")
    credential = await ledger.held(platform, record, "certificate", CertificateRevoked(told), log)
    return _as_source(platform, item_of(platform, case), case, record, credential)


def _as_source(platform: Platform, item: Item, case: Case, record: Pass, credential: Credential) -> Source:
    department = platform.registry.departments[item.department]
    return Source(item, department, case, record, credential, platform.settings, code_of(platform, record.text))


def _named(case: Case, page: Page) -> dict[str, str]:
    """How the file is called (RFC 6266): by its title where that is understood, by its number everywhere."""
    whole = quote(f"{page.title} {case.number}.pdf".replace("/", "-").replace("\\", "-"), safe="")
    return {"Content-Disposition": f"inline; filename=\"{case.number}.pdf\"; filename*=UTF-8''{whole}"}


@ROUTES.post(
    "/v1/certificates/verify",
    Audience.ANYONE,
    {
        200: Answer(
            "Valid, or why not.",
            ref("CertificateVerdict"),
            links=[
                Link("show_item", {"code": "$response.body#/item/code"}),
                Link("show_department", {"code": "$response.body#/department/code"}),
            ],
        )
    },
    body=SCANNED,
)
async def verify_certificate(call: Call) -> web.StreamResponse:
    """Say whether a certificate's QR code is genuine and valid now, and what its page has to say.

    Nothing is recorded: it is not known who asks.
    """
    verdict = await ledger.examined(call.platform, call.body["text"])
    return reply(call, await _document(call.platform, verdict, call.language))


async def _document(platform: Platform, verdict: ledger.Verdict, language: str) -> dict[str, Any]:
    record, credential = verdict.record, verdict.credential
    item = platform.registry.items.of(credential.item) if credential else None
    if credential is not None and (item is None or item.certificate is None):
        # A pass says something of its holder that is meant for officers alone.
        verdict, record, item = ledger.Verdict(code="not-a-certificate"), None, None
    department = platform.registry.departments.get(item.department) if item and record else None
    case = await Case.get_or_none(passes__number=record.number) if record else None
    claims = credential.claims if credential and record else {}
    wording = None
    if item and case and record and credential:
        wording = wording_of(_as_source(platform, item, case, record, credential), language)
    return {
        **await ledger.as_told(platform, verdict.code, record, TOLD, ENDED, language),
        "item": named(item.code, item.title, language) if item and record else None,
        "department": named(department.code, department.title, language) if department else None,
        "number": case.number if case else None,
        "title": wording.title if wording else None,
        "issuer": wording.issuer if wording else None,
        "body": list(wording.body) if wording else [],
        "claims": claim_documents(item, claims, language),
        **ledger.moments_of(platform, record),
    }
