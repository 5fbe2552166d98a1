"""What waits for staff, and its index by role."""

from __future__ import annotations

from functools import partial
from typing import Any

from banshi.builtin.worklist import routes, statistics
from banshi.builtin.worklist.figures import WEEKS, came_in
from banshi.builtin.worklist.kept import KeptFigures
from banshi.builtin.worklist.waiting import WORK, work_in
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Resource
from banshi.kernel.loading.cached import PerRevision


@hookimpl
def banshi_routes() -> list[Route]:
    return [*routes.ROUTES, *statistics.ROUTES]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(WORK, lambda platform: PerRevision(platform.registry, partial(work_in, platform.registry))),
        Resource.made(WEEKS, partial(KeptFigures, count=came_in)),
    ]
