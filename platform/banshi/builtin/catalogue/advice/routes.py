"""Pages of help, open to anyone, and advice as documents."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi.builtin.catalogue.advice.declared import Elsewhere, HelpPage
from banshi.builtin.catalogue.advice.matching import ADVISOR
from banshi.builtin.catalogue.danger.reading import Danger
from banshi.foundation.errors import NotFound
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import text_in
from banshi.kernel.http.document_schemas import named, ref
from banshi.kernel.http.responses import page_answer, reply
from banshi.kernel.loading.registry import Registry

ROUTES = Routes("catalogue")


@ROUTES.get(
    "/v1/help",
    Audience.ANYONE,
    {200: page_answer(ref("HelpPage"), Link("show_help", {"code": "$response.body#/items/0/code"}))},
)
async def list_help(call: Call) -> web.StreamResponse:
    """List the pages of help, those for people in danger first."""
    pages = sorted(call.platform[ADVISOR].declared.help.values(), key=lambda page: page.group != "urgent")
    registry = call.platform.registry
    return reply(call, {"items": [help_document(registry, page, call.language) for page in pages], "next": None})


@ROUTES.get(
    "/v1/help/{code}",
    Audience.ANYONE,
    {200: Answer("The page.", ref("HelpPage"), links=[Link("show_item", {"code": "$response.body#/items/0/code"})])},
)
async def show_help(call: Call) -> web.StreamResponse:
    """Show one page of help."""
    page = call.platform[ADVISOR].declared.help.get(call.path["code"])
    if page is None:
        raise NotFound
    return reply(call, help_document(call.platform.registry, page, call.language))


def help_document(registry: Registry, page: HelpPage, language: str) -> dict[str, Any]:
    return {
        "code": page.code,
        "group": page.group,
        "title": text_in(page.title, language),
        "dangers": list(page.dangers),
        "phones": [{"number": one.number, "title": text_in(one.title, language)} for one in page.phones],
        "steps": [text_in(step, language) for step in page.steps],
        "items": [named(code, registry.items[code].title, language) for code in page.items if code in registry.items],
        "links": {"self": f"/v1/help/{page.code}"} | ({"page": page.link} if page.link else {}),
    }


def danger_document(danger: Danger, language: str) -> dict[str, Any]:
    return {
        "kind": danger.kind,
        "numbers": list(danger.numbers),
        "words": text_in(danger.words, language),
        "silent": text_in(danger.silent, language) if danger.silent else None,
    }


def elsewhere_document(advice: Elsewhere, language: str) -> dict[str, Any]:
    return {
        "code": advice.code,
        "title": text_in(advice.title, language),
        "who": text_in(advice.who, language),
        "phone": advice.phone or None,
        "links": {"page": advice.link} if advice.link else {},
    }
