"""Routes that collide, say nothing, or say what can't be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from banshi import Answer, Audience, Call, Form, Link, Parameter, Route, hookimpl

THING = {"type": "object", "additionalProperties": False, "properties": {}}

LEADING = {"type": "object", "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Case"}}}}

#: Each wrong in a way of its own, but for the first.
LINKS = [
    Link("show_case", {"id": "$response.body#/items/0/id"}),
    Link("show_case", {"id": "$request.path.id"}),
    Link("show_cases", {"id": "$request.path.id"}),
    Link("submit"),
    Link("list_scans", {"case": "$response.body#/items/0/id"}),
    Link("show_pass_svg", {"id": "$response.body#/items/0/nummer"}),
    Link("show_pass_png", {"id": "$request.query.id"}),
    Link("show_pass_txt", {"id": "$request.path.case"}),
    Link("show_certificate", {"id": "/items/0/id"}),
    Link("verify_certificate", body={"txt": "$response.body#/items/0/number"}),
]


async def handler(call: Call) -> Any:
    raise NotImplementedError


def sync(call: Call) -> Any:
    raise NotImplementedError


def route(method: Any = "GET", path: str = "/v1/things", **changes: Any) -> Route:
    known: dict[str, Any] = {
        "audience": Audience.ANYONE,
        "handler": handler,
        "operation": f"op{len(path)}_{method.lower()}",
    }
    known |= {"summary": "Do it.", "tag": "things", "answers": {200: Answer(description="Done.")}}
    return Route(method=method, path=path, **{**known, **changes})


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return [
        route(path="/v1/items/{number}", operation="show_item"),
        route(path="/v1/a", method="get", audience="citizen", handler=sync, operation="List A"),
        route(path="v1/b/{id:[0-9]+}", summary=" ", answers={404: Answer(description="")}),
        route(
            path="/v1/cc",
            parameters=[
                Parameter(name="q", schema={"type": "text"}, description=""),
                Parameter(name="rows", schema={"type": "integer", "default": "20"}, description="Rows."),
            ],
            path_schemas={"id": {"type": "string"}},
            body=Form.from_schema(THING),
            answers={200: Answer(description="Done.", schema={"$ref": "#/components/schemas/Thing"})},
        ),
        route(path="/v1/ddd", answers=None),
        route(method="POST", path="/v1/eeee", per_item=lambda _: None),
        route(path="/v1/ff/{id}", answers={200: Answer(description="Done.", schema=LEADING, links=LINKS)}),
        route(path="/v1/ggggg", answers={200: Answer(description="Done.", links="show_case")}),  # type: ignore[arg-type]
    ]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    return [click.Command("serve")]
