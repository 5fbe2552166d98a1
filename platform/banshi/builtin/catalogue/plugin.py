"""The catalogue of items, its guides and its search."""

from __future__ import annotations

from typing import Any

from banshi.contract import Phase, Resource
from banshi.hookspecs import hookimpl
from banshi.latest import Latest
from banshi.routes import Route
from banshi.search import SEARCH, open_search
from banshi.web import catalogue
from banshi.web.catalogue import GUIDES


@hookimpl
def banshi_routes() -> list[Route]:
    return [*catalogue.ROUTES]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(GUIDES, lambda platform: Latest(platform.registry, dict)),
        Resource(SEARCH, open_search, Phase.BEFORE_PLUGINS),
    ]
