"""The city's site: every item in a browser, from its own declaration; whole without a script.

It asks the API, and has no line about an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from banshi import Offer, Resource, Route, hookimpl
from banshi.sdk.http import CHANNEL_FIGURES
from banshi.sdk.passes import VERIFIER
from questions.pages.frame import FRAME
from web_site import assets
from web_site.answered import ANSWERED, Answered
from web_site.pages import cases, filling, finding, frame, inbox, passes, published, roads, signing
from web_site.rendering import PAGES, Look
from web_site.rooms import ROOMS, rooms_here
from web_site.session import ROOT, SiteFigures
from web_site.settings import SETTINGS, SiteSettings
from web_site.staff import (
    bench,
    case,
    deciding,
    desk,
    figures,
    findings,
    hotline,
    publishing,
    refuting,
    scanner,
    worklist,
)
from web_site.staff import roads as staff_roads
from web_site.words import words_in


@hookimpl
def banshi_settings() -> type:
    return SiteSettings


@hookimpl
def banshi_resources(settings: SiteSettings) -> Sequence[Resource[Any]]:
    files, words = assets.read(settings), words_in(settings.words)
    return [
        Resource.made(SETTINGS, lambda _: settings),
        Resource.made(assets.ASSETS, lambda _: files),
        Resource.made(PAGES, lambda platform: Look(settings, files, lambda: platform.city_time().date(), words)),
        Resource.made(finding.COUNTS, lambda _: {}),
        Resource.made(ROOMS, rooms_here),
        Resource.made(ANSWERED, lambda _: Answered()),
    ]


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    shown = Offer(VERIFIER, f"{ROOT}/verify"), Offer(FRAME, frame.around)
    return [*shown, Offer(CHANNEL_FIGURES, SiteFigures())]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    work = (
        bench,
        worklist,
        case,
        deciding,
        desk,
        hotline,
        figures,
        findings,
        publishing,
        refuting,
        staff_roads,
        scanner,
    )
    rooms = (finding, filling, cases, inbox, passes, published, roads, signing, *work, frame)
    return [*(route for room in rooms for route in room.ROUTES), *frame.FILES]
