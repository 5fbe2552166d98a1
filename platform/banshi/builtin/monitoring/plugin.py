"""What machines ask of a process: whether it lives, whether it can serve, what it counts."""

from __future__ import annotations

from typing import Any

from banshi.builtin.monitoring import routes
from banshi.builtin.monitoring.database_metrics import DATABASE_FAILURES, WRITTEN_GROUPS, DatabaseFailures, count_groups
from banshi.builtin.monitoring.folders import FOLDERS, Folders
from banshi.builtin.monitoring.held_loop import HELD_LOOP, open_held_loop
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Resource


@hookimpl
def banshi_routes() -> list[Route]:
    return routes.ROUTES


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    folders = Resource.made(FOLDERS, lambda platform: Folders(platform.settings))
    return [
        folders,
        Resource.made(WRITTEN_GROUPS, count_groups),
        Resource(HELD_LOOP, open_held_loop),
        Resource.made(DATABASE_FAILURES, DatabaseFailures),
    ]
