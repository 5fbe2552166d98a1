"""The catalogue of items, its guides and its search."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from banshi.builtin.catalogue import routes
from banshi.builtin.catalogue.advice import routes as help_routes
from banshi.builtin.catalogue.advice.declared import declared_in, unknown_items
from banshi.builtin.catalogue.advice.matching import ADVISOR, Advisor
from banshi.builtin.catalogue.routes import GUIDES
from banshi.builtin.catalogue.search import SEARCH, open_search
from banshi.foundation.findings import Finding
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.loading.cached import PerRevision
from banshi.kernel.loading.registry import Registry


@hookimpl
def banshi_routes() -> list[Route]:
    return [*routes.ROUTES, *help_routes.ROUTES]


@hookimpl
def banshi_checks(registry: Registry, strict: bool) -> Iterable[Finding]:
    declared = declared_in(registry)
    return [*declared.findings, *(unknown_items(registry, declared) if strict else ())]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(GUIDES, lambda platform: PerRevision(platform.registry, dict)),
        Resource.made(ADVISOR, lambda platform: Advisor(declared_in(platform.registry))),
        Resource(SEARCH, open_search, Phase.BEFORE_PLUGINS),
    ]
