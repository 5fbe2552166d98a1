"""What machines ask of a process: whether it lives, whether it can serve, what it counts."""

from __future__ import annotations

from banshi.hookspecs import hookimpl
from banshi.routes import Route
from banshi.web import operations


@hookimpl
def banshi_routes() -> list[Route]:
    return [*operations.ROUTES]
