"""What happens in life, and what people need then: items say it of themselves by codes of the common list."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from banshi.builtin.catalogue.browsing.demand import demand_of
from banshi.builtin.openapi.schemas.items import REFERENCE
from banshi.foundation.findings import Finding, did_you_mean
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Audience, Call, Link
from banshi.kernel.contract.values import Texts, text_in
from banshi.kernel.http.document_schemas import LINKS, TEXT, Record, array, named
from banshi.kernel.http.responses import page_answer, reply
from banshi.kernel.loading.registry import Registry

ROUTES = Routes("catalogue")

#: What happens in life, with what people need then.
THEME = Record(
    code=TEXT,
    title=TEXT,
    count={"type": "integer", "description": "Items that belong to it."},
    first=array(REFERENCE, description="Those of them that most people ask for."),
    links={**LINKS, "description": "`items`: all of them, the one that most ask for first."},
)

FILE = Path(__file__).with_name("themes.toml")
#: Items that a theme shows at once.
FIRST = 3


@cache
def themes() -> Mapping[str, Texts]:
    """The titles by code, in the order in which they are shown."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def unknown_themes(registry: Registry) -> Iterator[Finding]:
    """Themes that items name and the list hasn't."""
    for item in registry.items.unchecked():
        for code in (one for one in item.themes if one not in themes()):
            advice = f"items.{item.code}.themes has {code!r}, which is none; {did_you_mean(code, [*themes()])}"
            yield Finding(item.plugin, "unknown-theme", advice)


@ROUTES.get(
    "/v1/themes",
    Audience.ANYONE,
    {200: page_answer(THEME, Link("list_items", {"theme": "$response.body#/items/0/code"}))},
)
async def list_themes(call: Call) -> web.StreamResponse:
    """List what happens in life, with what people need then.

    Those without an item are left out; of each, the items come first that most people ask for.
    """
    registry, language = call.platform.registry, call.language
    found: dict[str, list[str]] = {code: [] for code in themes()}
    for hit in (await demand_of(call.platform)).ordered(registry):
        for theme in registry.items.facts(hit.code).themes:
            found.get(theme, []).append(hit.code)
    rows: list[dict[str, Any]] = [
        {
            "code": code,
            "title": text_in(themes()[code], language),
            "count": len(own),
            "first": [named(one, registry.items[one].title, language) for one in own[:FIRST]],
            "links": {"items": f"/v1/items?theme={code}&order=demand"},
        }
        for code, own in found.items()
        if own
    ]
    return reply(call, {"items": rows, "next": None})
