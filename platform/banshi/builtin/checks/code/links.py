"""What is wrong with a route's links: they name operations, parameters and members of answers, all of which exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from banshi.builtin.checks.code.routes import of_each_route
from banshi.builtin.openapi.schemas import SCHEMAS
from banshi.foundation.findings import Finding
from banshi.kernel.contract.routes import Answer, Link, Route
from banshi.kernel.loading.registry import Registry

#: What of OpenAPI's runtime expressions a link may use.
EXPRESSION = re.compile(r"\$(response|request)\.body(?:#((?:/[^/{}]+)+))|\$request\.(path|query)\.([\w-]+)")

#: Where a schema has its parts, any of which may tell of a member.
_SHAPES = ("oneOf", "anyOf", "allOf")


def links_lead_somewhere(registry: Registry) -> Iterator[Finding]:
    """A link leads to an operation of the API, and what it hands over is in its answer and wanted there."""
    # Of two with one name the first is served; that there are two is said elsewhere.
    routes = {route.operation: route for _, route in reversed(registry.routes)}
    judge = partial(route_faults, routes)
    return of_each_route(registry, "dead-link", judge, "give each link a value of its type, and links a list")


def route_faults(routes: Mapping[str, Route], route: Route) -> Iterator[str]:
    """What is wrong with the links of one route's answers."""
    # That a route without answers is none is said of it elsewhere.
    for status, answer in (route.answers or {}).items():
        seen: set[str] = set()
        for link in answer.links:
            where = f"answers[{status}], the link to {link.operation!r}"
            if link.operation in seen:
                yield f"{where}: there is another one; link to an operation once"
            seen.add(link.operation)
            for advice in link_faults(routes, route, answer, link):
                yield f"{where}: {advice}"


def link_faults(routes: Mapping[str, Route], route: Route, answer: Answer, link: Link) -> Iterator[str]:
    """What is wrong with one link of an answer."""
    target = routes.get(link.operation)
    if target is None:
        yield "there is no such operation"
        return
    if target.per_item is not None:
        yield "each item has an operation of its own there; link to one that all items share"
        return
    known = {*target.path_names, *(one.name for one in target.parameters)}
    for name in sorted(link.parameters.keys() - known):
        yield f"it has no parameter {name!r}; it has {', '.join(sorted(known)) or 'none'}"
    for name in sorted(set(target.path_names) - link.parameters.keys()):
        yield f"give its path's {name!r}"
    shapes = _body_shapes(target)
    for name in sorted(link.body):
        if not any(_holds(shape, [name]) for shape in shapes):
            yield f"its body has no member {name!r}"
    for name, expression in (*link.parameters.items(), *link.body.items()):
        yield from _expression_faults(route, answer, name, expression)


def _expression_faults(route: Route, answer: Answer, name: str, expression: str) -> Iterator[str]:
    """What is wrong with what one parameter is taken from."""
    match = EXPRESSION.fullmatch(expression)
    if match is None:
        yield f"{name} is taken by an expression such as $response.body#/id or $request.path.code, not {expression!r}"
        return
    body, pointer, place, parameter = match.groups()
    if body is not None:
        shapes = _body_shapes(route) if body == "request" else [answer.schema or {}]
        if not any(_holds(shape, pointer[1:].split("/")) for shape in shapes):
            yield f"{name}: there is nothing at {pointer} in the {body}'s schema"
    elif place == "path":
        # The address of a single item's operation has its code in it already.
        if parameter not in route.path_names or (route.per_item is not None and parameter == "code"):
            yield f"{name}: the path has no parameter {parameter!r}"
    elif not any(one.name == parameter and one.place != "header" for one in route.parameters):
        yield f"{name}: there is no query parameter {parameter!r}"


def _body_shapes(route: Route) -> list[Mapping[str, Any]]:
    """The schemas of what a route takes, whatever its media type."""
    return [route.body.schema] if route.body is not None else list((route.raw_body or {}).values())


def _holds(schema: Mapping[str, Any], path: list[str]) -> bool:
    """Whether a schema tells of something at a JSON Pointer's parts."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        schema = SCHEMAS.get(reference.rpartition("/")[2], {})
    if not path:
        return True
    if any(_holds(part, path) for shape in _SHAPES for part in schema.get(shape, ())):
        return True
    first, rest = path[0], path[1:]
    if first.isdigit():
        items = schema.get("items")
        return isinstance(items, Mapping) and _holds(items, rest)
    more = schema.get("additionalProperties")
    found = schema.get("properties", {}).get(first, more if isinstance(more, Mapping) else None)
    return found is not None and _holds(found, rest)
