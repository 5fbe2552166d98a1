"""The links of the OpenAPI document: which operation an answer leads to, with what of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from banshi.kernel.contract.routes import Answer, Link, Route

#: The name of a list's link to itself, and where it goes on.
NEXT, PLACE = "next", "$response.body#/next"


def named_links(route: Route, answer: Answer) -> Iterator[tuple[str, Link]]:
    """An answer's links by name: the declared ones by their operations, and a list's next page."""
    for link in answer.links:
        yield link.operation, link
    names = [one.name for one in route.parameters if one.place != "header"]
    if "cursor" in names and answer.schema is not None and NEXT in answer.schema.get("properties", {}):
        path = {name: f"$request.path.{name}" for name in route.path_names}
        query = {name: f"$request.query.{name}" for name in names} | {"cursor": PLACE}
        yield NEXT, Link(route.operation, path | query)


def links_of(route: Route, answer: Answer) -> dict[str, Any]:
    """One answer's links in the document. Those of single items' operations are written once, and referred to."""
    if route.per_item is None:
        return {name: _told(link) for name, link in named_links(route, answer)}
    return {name: {"$ref": f"#/components/links/{_shared_name(route, name)}"} for name, _ in named_links(route, answer)}


def shared_links(routes: Iterable[Route]) -> dict[str, Any]:
    """What the operations of single items refer to: `components.links`."""
    return {
        _shared_name(route, name): _told(link)
        for route in routes
        if route.per_item is not None
        for answer in route.answers.values()
        for name, link in named_links(route, answer)
    }


def _shared_name(route: Route, name: str) -> str:
    return f"{route.operation}_{name}"


def _told(link: Link) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": link.operation}
    if link.parameters:
        told["parameters"] = dict(link.parameters)
    if link.body:
        # One JSON text with the expressions in it: of a link's body openapi-generator takes no other form.
        members = ", ".join(f'"{name}": {{{expression}}}' for name, expression in link.body.items())
        told["requestBody"] = f"{{{members}}}"
    return told
