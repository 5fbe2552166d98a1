"""Cases: how they are handed in, shown and worked on."""

from __future__ import annotations

from typing import Any

from banshi.kernel.cases import attachment_routes, case_routes, submission_routes
from banshi.kernel.cases.materials import MATERIALS, materials_of
from banshi.kernel.contract.hookspecs import hookimpl
from banshi.kernel.contract.routes import Route
from banshi.kernel.contract.values import Resource
from banshi.kernel.http.access import ACCESS, Access
from banshi.kernel.loading.registry import Registry


@hookimpl
def banshi_routes(registry: Registry) -> list[Route]:
    return [*case_routes.ROUTES, *attachment_routes.ROUTES, submission_routes.route(registry)]


@hookimpl
def banshi_resources() -> list[Resource[Any]]:
    return [
        Resource.made(MATERIALS, lambda platform: materials_of(platform.registry)),
        Resource.made(ACCESS, lambda platform: Access(platform.registry)),
    ]
