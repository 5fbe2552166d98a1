"""The catalogue of items, its guides and its search."""

from __future__ import annotations

from typing import Any

from banshi.builtin.catalogue import routes
from banshi.builtin.catalogue.routes import GUIDES
from banshi.builtin.catalogue.search import SEARCH, open_search
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.loading.cached import PerRevision


@hookimpl
def banshi_routes() -> list[Route]:
    return routes.ROUTES


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(GUIDES, lambda platform: PerRevision(platform.registry, dict)),
        Resource(SEARCH, open_search, Phase.BEFORE_PLUGINS),
    ]
