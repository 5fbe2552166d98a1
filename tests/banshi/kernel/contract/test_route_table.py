"""Routes that are declared above their handlers are the same values as those written out."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any

import pytest

from banshi import Answer, Audience, Call, Route
from banshi.builtin.checks.code.routes import route_faults
from banshi.kernel.contract.route_table import PATH_SCHEMAS, RouteOptions
from banshi.sdk.http import Routes

FOUND = {200: Answer("The pond.", {"type": "object"})}


def test_a_declaration_is_the_route_written_out() -> None:
    routes = Routes("ponds")

    @routes.get("/v1/ponds/{id}", Audience.ANYONE, FOUND, from_replica=True)
    async def show_pond(_: Call) -> Any:
        """Show one pond.

        And more that is for readers of the code.
        """

    written_out = Route(
        method="GET",
        path="/v1/ponds/{id}",
        audience=Audience.ANYONE,
        handler=show_pond,
        operation="show_pond",
        summary="Show one pond.",
        tag="ponds",
        answers=FOUND,
        path_schemas={"id": {"type": "string", "format": "uuid"}},
        from_replica=True,
    )
    assert routes == [written_out]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_there_is_a_decorator_for_each_method(method: str) -> None:
    routes = Routes("ponds")
    getattr(routes, method.lower())("/v1/ponds", Audience.STAFF, FOUND)(show)
    assert [(one.method, one.audience, one.handler) for one in routes] == [(method, Audience.STAFF, show)]


def test_routes_stand_in_the_order_of_their_declarations_and_one_handler_may_have_two() -> None:
    routes = Routes("ponds")
    routes.get("/v1/ponds/{id}.xml", Audience.ANYONE, FOUND)(show)
    routes.get("/v1/ponds/{id}", Audience.ANYONE, FOUND, operation="show_again", summary="Show it again.")(show)
    assert [(one.operation, one.summary) for one in routes] == [("show", "Show."), ("show_again", "Show it again.")]


def test_a_partial_is_called_as_what_it_is_made_of() -> None:
    routes = Routes("ponds")
    routes.get("/v1/ponds", Audience.ANYONE, FOUND, operation="show_ponds")(partial(show_of, "ponds"))
    assert [(one.operation, one.summary) for one in routes] == [("show_ponds", "Show them.")]


def test_what_goes_for_all_goes_unless_a_route_says_otherwise() -> None:
    routes = Routes("ponds", scope="ponds", creates=True)
    routes.post("/v1/ponds", Audience.INTEGRATOR, FOUND)(show)
    routes.post("/v1/ponds/{code}", Audience.INTEGRATOR, FOUND, creates=False)(show)
    assert [(one.scope, one.creates) for one in routes] == [("ponds", True), ("ponds", False)]


def test_a_path_s_own_schema_goes_before_that_of_its_name() -> None:
    routes, number = Routes("ponds"), {"type": "string", "pattern": "^[0-9]$"}
    routes.post("/v1/{id}/actions/{action}", Audience.STAFF, FOUND, path_schemas={"id": number})(show)
    assert routes[0].path_schemas == {"id": number, "action": PATH_SCHEMAS["action"]}


def test_a_schema_for_all_is_of_the_paths_that_have_its_name() -> None:
    code = {"type": "string", "pattern": "^[a-z]{3}$"}
    routes = Routes("ponds", path_schemas={"code": code})
    routes.get("/v1/ponds", Audience.ANYONE, FOUND)(show)
    routes.get("/v1/ponds/{code}", Audience.ANYONE, FOUND)(show)
    assert [one.path_schemas for one in routes] == [{}, {"code": code}]


def test_every_option_is_a_field_of_a_route() -> None:
    given = {"method", "path", "audience", "handler", "tag", "answers"}
    assert RouteOptions.__annotations__.keys() == {one.name for one in fields(Route)} - given


def test_a_handler_without_words_is_told_of() -> None:
    routes = Routes("ponds")

    @routes.get("/v1/ponds", Audience.ANYONE, FOUND)
    async def show_ponds(_: Call) -> Any: ...

    assert any("say in summary" in fault for fault in route_faults(routes[0]))


async def show(_: Call) -> Any:
    """Show."""


async def show_of(_: str, __: Call) -> Any:
    """Show them."""
