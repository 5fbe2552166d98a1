"""What the checks find wrong with routes, links, state tables and sources, found once.

Nearly all of them are the same at each door, and for each `banshi check`. `test_faults.py` holds what is
remembered against what is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from banshi.builtin.checks.code import links, routes, sources
from banshi.builtin.checks.code.sources import House
from banshi.builtin.checks.declarations import kinds
from banshi.builtin.openapi.schemas import SCHEMAS
from banshi.foundation.findings import Finding
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Step
from banshi.kernel.loading.registry import Plugin
from tests.harness.memory.remembered import is_ours

#: What is wrong with each route, beside the names of the schemas that it may refer to; with each route's links, beside
#: the routes that they lead to; and with each state table. All with what they are about, so that it lives as long.
FAULTS: dict[tuple[int, frozenset[str]], tuple[Route, list[str]]] = {}
LINKS: dict[tuple[int, ...], tuple[list[Route | None], list[str]]] = {}
TABLES: dict[int, tuple[Sequence[Step], list[str]]] = {}

#: What stands in the Python of each plugin of this repository, beside whose the modules and the tables are.
SOURCES: dict[str, list[Finding]] = {}

route_faults, dead_links, table_faults = routes.route_faults, links.route_faults, kinds.table_faults
read_sources = sources.of_plugin


def faults_from_memory(route: Route, known: Set[str] = SCHEMAS.keys()) -> list[str]:
    """`route_faults`; nearly all routes are the same at each door, and needn't be looked at beside another plugin."""
    key = (id(route), frozenset(known))
    if key not in FAULTS:
        FAULTS[key] = (route, list(route_faults(route, known)))
    return FAULTS[key][1]


def links_from_memory(known: Mapping[str, Route], route: Route) -> list[str]:
    """`banshi.builtin.checks.code.links.route_faults`; nearly all routes lead to the same ones at each door."""
    try:
        ends = [route, *(known.get(link.operation) for answer in route.answers.values() for link in answer.links)]
    except (AttributeError, TypeError):
        return list(dead_links(known, route))
    key = tuple(map(id, ends))
    if key not in LINKS:
        LINKS[key] = (ends, list(dead_links(known, route)))
    return LINKS[key][1]


def tables_from_memory(table: Sequence[Step]) -> list[str]:
    """`banshi.builtin.checks.declarations.kinds.table_faults`; a kind of ours has the same few tables at each door."""
    if not isinstance(table, tuple):
        return list(table_faults(table))
    if id(table) not in TABLES:
        TABLES[id(table)] = (table, list(table_faults(table)))
    return TABLES[id(table)][1]


def sources_from_memory(plugin: Plugin, house: House) -> list[Finding]:
    """`banshi.builtin.checks.code.sources.of_plugin`; what is in this repository doesn't change while tests run."""
    if not is_ours(plugin.folder):
        return list(read_sources(plugin, house))
    key = repr((plugin.name, plugin.folder, house))
    if key not in SOURCES:
        SOURCES[key] = list(read_sources(plugin, house))
    return SOURCES[key]
