"""What is around all pages: how they are shown, and their files."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from markupsafe import Markup

from banshi import Answer, Audience, Call, NotFound, text_in
from banshi.sdk.http import Routes
from web_site import session
from web_site.assets import ASSETS, DECODER, NAMES, TYPES, WORKER
from web_site.rendering import PAGES, rendered
from web_site.session import ROOT
from web_site.visit import ERRORS, HEADERS, YEAR_S, Pages, Visit

ROUTES = Pages()
FILES = Routes("site", errors=ERRORS, lenient=True, described=False)


def around(call: Call, title: str, body: str) -> tuple[str, Mapping[str, str]]:
    """A page of another plugin's in the city's look, and its headers; `body` is HTML of theirs."""
    names = {
        "visit": Visit(call, None, call.language, call.language, False),
        "unread": 0,
        "title": title,
        "body": Markup(body),  # noqa: S704 - it is HTML of another plugin's
    }
    return rendered(call.platform[PAGES], "frame/around.html", call.language, **names), HEADERS


@ROUTES.show("/")
async def lead_home(visit: Visit) -> web.StreamResponse:
    """Lead to the home page, whose address has no slash at its end."""
    return visit.to(ROOT)


@ROUTES.show("/{page}")
async def miss_page(_: Visit) -> web.StreamResponse:
    """Say on a page that there is none of that name."""
    raise NotFound


@ROUTES.show("/staff/{page}")
async def miss_staff_page(visit: Visit) -> web.StreamResponse:
    """Say on a page of the workbench that there is none of that name."""
    return await miss_page(visit)


@ROUTES.show("/display", {"language": 16, "type": 16, "next": 2_000})
async def choose_display(visit: Visit) -> web.StreamResponse:
    """Show all pages in another language, or in larger type, from now on."""
    query = visit.call.query
    visit.choose(query.get("language"))
    visit.choose(query.get("type"))
    return visit.to(session.within(query.get("next", "")))


@ROUTES.show("/manifest.webmanifest", media_type="application/manifest+json")
async def show_manifest(visit: Visit) -> web.StreamResponse:
    """Say how the site is installed."""
    look = visit.call.platform[PAGES]
    told = {
        "name": text_in(look.settings.name, visit.language),
        "start_url": ROOT,
        "scope": ROOT,
        "display": "standalone",
        "background_color": "#f4f5f2",
        "theme_color": look.settings.colours.get("deep", "#0a2a4f"),
        "icons": [{"src": look.assets.address("seal.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return web.json_response(
        told, content_type="application/manifest+json", headers={"Vary": "Accept-Language, Cookie"}
    )


@ROUTES.show("/worker.js", media_type="text/javascript")
async def show_worker(visit: Visit) -> web.StreamResponse:
    """Read what keeps passes and messages on an installed site; browsers ask for it anew at one address."""
    # A worker fetches what its own policy allows, and not that of a page.
    policy = "default-src 'none'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    headers = {"Cache-Control": "no-cache", "Content-Type": TYPES[".js"], "Content-Security-Policy": policy}
    return web.Response(body=visit.call.platform[ASSETS].files[WORKER], headers=headers)


@FILES.get(
    ROOT + "/assets/{version}/{name}",
    Audience.ANYONE,
    {200: Answer("The file.", media_type="*/*")},
    path_schemas={"version": {"type": "string", "pattern": "^[0-9a-f]{12}$"}, "name": {"enum": [*NAMES]}},
)
async def show_site_file(call: Call) -> web.StreamResponse:
    """Read a file of the pages'."""
    assets, name = call.platform[ASSETS], call.path["name"]
    if call.path["version"] != assets.version:
        raise NotFound
    headers = {
        "Cache-Control": f"public, max-age={YEAR_S}, immutable",
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
        + ("; style-src 'unsafe-inline'; sandbox" if name.endswith(".svg") else "")
        + ("; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'" if name == DECODER else ""),
        "Content-Type": TYPES[name[name.rindex(".") :]],
    }
    return web.Response(body=assets.files[name], headers=headers)
