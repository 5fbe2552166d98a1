"""Materials: what a person has handed in once may serve again."""

from __future__ import annotations

from typing import Any

from banshi.builtin import materials
from banshi.builtin.materials import routes
from banshi.kernel.cases.materials import MATERIALS
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Offer


@hookimpl
def banshi_offers() -> list[Offer[Any]]:
    return [Offer(MATERIALS, materials)]


@hookimpl
def banshi_routes() -> list[Route]:
    return routes.ROUTES
