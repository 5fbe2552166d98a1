"""The catalogue of items, its guides and its search."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from functools import partial
from itertools import chain

from banshi.builtin.catalogue import routes
from banshi.builtin.catalogue.advice import routes as help_routes
from banshi.builtin.catalogue.advice.declared import declared_in, unheard_dangers, unknown_items
from banshi.builtin.catalogue.advice.matching import ADVISOR, Advisor, served_here
from banshi.builtin.catalogue.browsing import item_list, places, themes
from banshi.builtin.catalogue.browsing.demand import DEMAND, Demand
from banshi.builtin.catalogue.browsing.places import PLACES, places_of
from banshi.builtin.catalogue.danger.reading import reader
from banshi.builtin.catalogue.search import SEARCH, Search, index_of
from banshi.foundation.findings import Finding
from banshi.kernel.contract.hookspecs import hands_over, hookimpl
from banshi.kernel.contract.values import Phase, Resource
from banshi.kernel.loading.cached import PerRevision
from banshi.kernel.loading.registry import Registry
from banshi.kernel.runtime.running import Platform

banshi_routes = hands_over(*routes.ROUTES, *item_list.ROUTES, *help_routes.ROUTES, *themes.ROUTES, *places.ROUTES)


@hookimpl
def banshi_checks(registry: Registry, strict: bool) -> Iterable[Finding]:
    declared, unknown = declared_in(registry), [*themes.unknown_themes(registry)]
    if not strict:
        return [*declared.findings, *unknown]
    found = unknown_items(registry, declared), unheard_dangers(declared), served_here(declared, index_of(registry))
    return [*declared.findings, *unknown, *chain.from_iterable(found)]


def _advisor(platform: Platform) -> Advisor:
    # Read at the start, and not with somebody's first message: it takes some 60 ms, and holds the loop meanwhile.
    reader()
    return Advisor(declared_in(platform.registry))


banshi_resources = hands_over(
    Resource.made(routes.GUIDES, lambda platform: PerRevision(platform.registry, dict)),
    Resource.made(ADVISOR, _advisor),
    Resource.made(DEMAND, lambda _: Demand()),
    Resource.made(PLACES, lambda platform: PerRevision(platform.registry, partial(places_of, platform.registry))),
    Resource(SEARCH, lambda platform: aclosing(Search(platform.registry)), Phase.BEFORE_PLUGINS),
)
