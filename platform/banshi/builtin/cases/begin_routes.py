"""The routes by which things begin, with a body per item."""

from __future__ import annotations

from typing import Any

from banshi.kernel.cases.beginning import TO_ACTION, TO_CASE, Beginnings, begin_over_http, submit
from banshi.kernel.contract.routes import Answer, Audience, Link, Route
from banshi.kernel.http.document_schemas import ref
from banshi.kernel.loading.registry import Registry

_BEGUN = {"id": "$response.body#/case/id"}
_BEGUN_ACTION = {**_BEGUN, "action": "$response.body#/case/permitted_actions/0/action"}


def routes(registry: Registry) -> list[Route]:
    """The route by which anything begins, and the old one for what is handed in, with a body per item each."""
    every = Beginnings(registry)
    shared: dict[str, Any] = {"method": "POST", "creates": True, "tag": "cases"}
    refused = {
        403: Answer("Something has to be known of the caller; `not-verified` says what."),
        404: Answer("There is no such item."),
    }
    stored, case = "It is stored. What follows is in the case's timeline.", {"Location": "The case."}
    return [
        Route(
            **shared,
            path="/v1/items/{code}/begin",
            audience=Audience.PERSON,
            unnamed_at=every.is_for_unnamed,
            handler=begin_over_http,
            operation="begin",
            summary="Begin the item, whatever its kind.",
            answers={
                200: Answer("What a register says.", ref("Begun")),
                201: Answer(
                    stored, ref("Begun"), headers=case, links=[Link("show_case", _BEGUN), Link("act", _BEGUN_ACTION)]
                ),
                429: Answer("Too much of it; see Retry-After.", headers={"Retry-After": "Seconds."}),
                **refused,
            },
            per_item=every.body_schema,
        ),
        Route(
            **shared,
            path="/v1/items/{code}/cases",
            audience=Audience.CITIZEN,
            handler=submit,
            operation="submit",
            summary="Hand in a filled form.",
            answers={201: Answer(stored, ref("Case"), headers=case, links=[TO_CASE, TO_ACTION]), **refused},
            per_item=lambda item: every.body_schema(item) if every.is_handed_in(item) else None,
            deprecated=True,
        ),
    ]
