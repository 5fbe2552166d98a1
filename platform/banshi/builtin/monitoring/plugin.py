"""What machines ask of a process: whether it lives, whether it can serve, what it counts."""

from __future__ import annotations

from banshi.builtin.monitoring import routes
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route


@hookimpl
def banshi_routes() -> list[Route]:
    return routes.ROUTES
