"""The lists that forms choose from, as routes."""

from __future__ import annotations

from banshi.builtin.lists.routes import ROUTES
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route


@hookimpl
def banshi_routes() -> list[Route]:
    return ROUTES
