"""Routes that collide, say nothing, or say what can't be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from banshi import Answer, Audience, Call, Form, Parameter, Route, hookimpl

THING = {"type": "object", "additionalProperties": False, "properties": {}}


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
            parameters=[Parameter(name="q", schema={"type": "text"}, description="")],
            path_schemas={"id": {"type": "string"}},
            body=Form.from_schema(THING),
            answers={200: Answer(description="Done.", schema={"$ref": "#/components/schemas/Thing"})},
        ),
        route(path="/v1/ddd", answers=None),
        route(method="POST", path="/v1/eeee", per_item=lambda _: None),
    ]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    return [click.Command("serve")]
