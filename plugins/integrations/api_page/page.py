"""The page, in both languages, and the routes of its files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from html import escape
from typing import Any

from banshi import Answer, Audience, Call, InvalidParameter, NotFound, Parameter, Route, text_in
from banshi.sdk.http import Routes, etag_of, reply_bytes

from .assets import Assets
from .sentences import say, word

#: Items that a browser shows at once; from there on it wants a department to be chosen.
MAX_ITEMS_SHOWN = 300

HTML = "text/html; charset=utf-8"

#: Nothing from elsewhere, and nothing that stands in the page itself, is run or shown; `blob:` is an answer's picture.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

#: What protects the page itself.
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}

#: A year: another file has another address.
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}

WORDS = {
    "title": word("The API"),
    "department": word("Department"),
    "all": word("All departments"),
    "show": word("Show"),
    "description": word("The description (OpenAPI 3.1)"),
    "choose": say("This city has {items} items, too many for a browser at once. Choose a department."),
    "script": say("This page needs JavaScript; the description does not."),
}


async def docs(assets: Assets, call: Call) -> Any:
    """Show this description to people.

    It is of all departments, or of one.
    """
    # The form's own choice of all departments is an empty one.
    registry, chosen = call.platform.registry, call.query.get("department") or None
    if chosen is not None and chosen not in registry.departments:
        raise InvalidParameter(
            say("There is no such department; look for it in the list of departments."),
            see="/v1/departments",
            parameter="department",
        )
    departments = {code: text_in(one.title, call.language) for code, one in registry.departments.items()}
    body = _page(assets, call.language, departments, chosen, len(registry.items)).encode()
    spoken = {"Content-Language": call.language, "Vary": "Accept-Language"}
    return reply_bytes(call, body, HTML, etag_of(body), {**HEADERS, **spoken})


async def docs_asset(assets: Assets, call: Call) -> Any:
    """Read a file of the page at /docs.

    Only names in the declaration come as far as this.
    """
    if call.path["version"] != assets.version:
        raise NotFound(say("There is another release of it by now; load the page again."))
    asset = assets.files[call.path["file"]]
    body = await asyncio.to_thread(asset.path.read_bytes)
    return reply_bytes(call, body, asset.media_type, asset.etag, FOR_GOOD)


def _page(assets: Assets, language: str, departments: dict[str, str], chosen: str | None, items: int) -> str:
    words = {name: text_in(one, language) for name, one in WORDS.items()}
    options = [] if items > MAX_ITEMS_SHOWN else [_option("", words["all"], chosen is None)]
    options += [_option(code, title, code == chosen) for code, title in departments.items()]
    description = f"/openapi.json?department={chosen}" if chosen else "/openapi.json"
    # A thousand operations drawn at once would hold the browser up for a minute; closed, they take no time.
    expansion = "none" if items > MAX_ITEMS_SHOWN else "list"
    place = f'<div id="api" data-description="{escape(description)}" data-expansion="{expansion}"></div>'
    if chosen is None and items > MAX_ITEMS_SHOWN:
        place = f'<p class="banshi-note">{escape(words["choose"].format(items=items))}</p>'
    styles = "".join(
        f'<link rel="stylesheet" href="{assets.address(name)}">' for name in ("swagger-ui.css", "page.css")
    )
    scripts = "".join(f'<script src="{assets.address(name)}"></script>' for name in ("swagger-ui-bundle.js", "page.js"))
    return f"""<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(words["title"])}</title>
<link rel="icon" type="image/png" href="{assets.address("favicon-32x32.png")}">
{styles}
<form class="banshi-bar" action="/docs">
<strong>{escape(words["title"])}</strong>
<label>{escape(words["department"])} <select name="department">{"".join(options)}</select></label>
<button>{escape(words["show"])}</button>
<a href="{escape(description)}">{escape(words["description"])}</a>
</form>
<noscript><p class="banshi-note">{escape(words["script"])}</p></noscript>
{place}
{scripts}
</html>
"""


def _option(code: str, title: str, chosen: bool) -> str:
    return f'<option value="{escape(code)}"{" selected" if chosen else ""}>{escape(title)}</option>'


def routes(assets: Assets) -> Sequence[Route]:
    """The routes of the page with these files."""
    made = Routes("operations")
    department = Parameter("department", {"type": "string", "maxLength": 64}, "Only this department's items.")
    page = Answer("A page.", media_type="text/html")
    made.get("/docs", Audience.ANYONE, {200: page}, parameters=(department,))(partial(docs, assets))
    version: dict[str, Any] = {"type": "string", "pattern": "^[0-9a-f]{12}$"}
    place = {"version": version, "file": {"enum": [*assets.files]}}
    file = Answer("The file.", media_type="*/*")
    asset = made.get("/docs/assets/{version}/{file}", Audience.ANYONE, {200: file}, path_schemas=place)
    asset(partial(docs_asset, assets))
    return made
